import Foundation
import Glibc
import Synchronization
import Testing

@testable import Executor

@Suite struct OutputTests {
    @Test func `a flood on both streams is cut and neither blocks nor grows`() async throws {
        try await withExecutor { client in
            let executor = try #require(client.processID)
            let command = """
                echo first; echo first >&2
                head -c 104857600 /dev/zero | tr '\\0' x &
                head -c 104857600 /dev/zero | tr '\\0' y >&2; wait
                echo last; echo last >&2
                """
            let result = await client.result(of: request(command))
            #expect(result.ending == .exited(0))
            for (stream, letter) in [(result.stdout, "x"), (result.stderr, "y")] {
                #expect(stream.isTruncated)
                #expect(stream.total == 104_857_600 + 11)
                #expect(stream.text.hasPrefix("first\n\(letter)"))
                #expect(stream.text.hasSuffix("\(letter)last\n"))
                #expect(stream.text.contains("\n[... 103,809,077 bytes cut by qkron ...]\n"))
                #expect(stream.text.utf8.count <= 1 << 20)
            }
            let status = try String(contentsOfFile: "/proc/\(executor)/status", encoding: .utf8)
            let peak = try #require(status.firstMatch(of: #/VmHWM:\s+(\d+)/#)).1
            #expect(try #require(Int(peak)) < 64 * 1024)
        }
    }

    @Test func `sixteen megabytes of each stream arrive whole`() async throws {
        try await withExecutor { client in
            let command = "head -c 16777216 /dev/zero | tr '\\0' x; head -c 16777216 /dev/zero | tr '\\0' y >&2"
            async let quick = client.result(of: request("echo quick"))
            let result = await client.result(of: request(command, limit: 16 << 20))
            #expect(result.stdout.text.utf8.count == 16 << 20)
            #expect(result.stderr.text.utf8.count == 16 << 20)
            #expect(!result.stdout.isTruncated)
            #expect(await quick.stdout.text == "quick\n")
        }
    }

    @Test func `output waits in the executor until there is room, and little output does not wait for it`() async throws
    {
        try await withExecutor { client in
            let first = megabytes(9)
            #expect(await client.result(of: first).stdout.total == 9 << 20)
            async let next = client.result(of: megabytes(9))
            try await eventually("the end of the next run is told") { client.heldCount == 1 }
            #expect(await client.result(of: request("echo little")).stdout.text == "little\n")
            #expect(client.state.withLock { $0.runs.values.allSatisfy(\.parts.isEmpty) })
            client.settle(first)
            #expect(await next.stdout.text.utf8.count == 9 << 20)
        }
    }

    @Test func `there is room for what comes first, and alone for anything`() {
        var room = OutputRoom()
        room.enter(1, size: OutputRoom.limit * 2)
        room.enter(2, size: OutputRoom.limit - 1)
        room.enter(3, size: 2)
        room.enter(4, size: 1)
        #expect(room.admit() == 1)
        #expect(room.admit() == nil)
        var hadRoom = [room.leave(1)]
        #expect(room.admit() == 2)
        #expect(room.admit() == nil, "no later one goes first")
        hadRoom.append(room.leave(3))
        hadRoom.append(room.leave(99))
        #expect(hadRoom == [true, true, false])
        #expect(room.admit() == 4)
        #expect(room.admit() == nil)
    }

    @Test func `a grandchild that keeps the pipe open does not hold the run up`() async throws {
        try await withExecutor { client in
            let sleep = uniqueSleep()
            let result = await client.result(of: request("echo out; (sleep 0.1; echo late) & \(sleep) & exit 0"))
            #expect(result.ending == .exited(0))
            #expect(result.stdout.text == "out\nlate\n")
            #expect(!processes(with: sleep).isEmpty, "nobody has waited for it")
            for pid in processes(with: sleep) { kill(pid, SIGKILL) }
        }
    }

    @Test func `bytes that are no text stay readable`() async throws {
        try await withExecutor { client in
            let result = await client.result(of: request("printf 'a\\000b\\377\\376c\\303\\244\\342\\202'"))
            #expect(result.stdout.text == "a\\0b\u{FFFD}\u{FFFD}cä\u{FFFD}")
            #expect(result.stdout.total == 10)
        }
    }

    @Test(arguments: [0, 1, 2, 7, 8, 9, 100], [0, 1, 2, 3, 8, 9, 10, 50, 1000])
    func `a window keeps the first and the last bytes, however they come`(limit: Int, count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        for piece in [1, 3, 10, 1000] {
            var window = OutputWindow(limit: limit)
            for start in stride(from: 0, to: count, by: piece) {
                bytes[start..<min(start + piece, count)].withUnsafeBytes { window.append($0) }
            }
            #expect(window.total == count)
            if count <= limit {
                #expect(window.head + window.tail.joined() == bytes)
            } else {
                #expect(window.head == Array(bytes.prefix(limit / 2)))
                #expect(Array(window.tail.joined()) == Array(bytes.suffix(limit - limit / 2)))
            }
        }
    }

    private func mark(_ cut: String) -> String { "\n[... \(cut) bytes cut by qkron ...]\n" }

    @Test func `a cut never tears a character`() {
        let bytes = Array("ääääääää".utf8)
        let output = CapturedOutput(
            head: Array(bytes[..<3]), tail: Array(bytes[11...]), total: 16, limit: 8 + mark("16").utf8.count)
        #expect(output.text == "ä\n[... 10 bytes cut by qkron ...]\nää")
        #expect(output.isTruncated)
    }

    @Test func `text that grows by its readable form is cut again`() {
        let bytes = [UInt8](repeating: 0xFF, count: 100)
        let output = CapturedOutput(head: Array(bytes[..<50]), tail: Array(bytes[50...]), total: 100, limit: 100)
        let kept = String(repeating: "\u{FFFD}", count: 11)
        #expect(output.text == kept + mark("78") + kept)
        #expect(output.text.utf8.count <= 100)
        #expect(output.isTruncated)
    }

    @Test func `invalid sequences are replaced as Unicode recommends`() {
        let samples: [[UInt8]] = [
            [0xC0, 0xAF, 0xE0, 0x80, 0xBF, 0xF0, 0x81, 0x82, 0x41], [0xED, 0xA0, 0x80, 0xED, 0xBF, 0xBF, 0x41],
            [0xF4, 0x91, 0x92, 0x93, 0xFF, 0x41, 0x80, 0xBF, 0x42], [0xE1, 0x80, 0xE2, 0xF0, 0x91, 0x92, 0xF1, 0xBF],
            Array("πŁ€😀".utf8),
        ]
        for sample in samples {
            #expect(ReadableUTF8.text(of: sample[...]) == String(decoding: sample, as: UTF8.self))
            #expect(ReadableUTF8.size(of: sample) == String(decoding: sample, as: UTF8.self).utf8.count)
        }
    }
}
