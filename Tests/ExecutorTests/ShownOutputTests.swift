import Foundation
import Testing

@testable import Executor

@Suite struct ShownOutputTests {
    @Test(arguments: [0, 1, 7, 8, 100], [0, 1, 8, 9, 50, 1000])
    func `a window shows all that it keeps from any offset on`(limit: Int, count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        var window = OutputWindow(limit: limit)
        for start in stride(from: 0, to: count, by: 3) {
            bytes[start..<min(start + 3, count)].withUnsafeBytes { window.append($0) }
        }
        let kept = Set(0..<min(count, limit / 2)).union(max(0, count - (limit - limit / 2))..<count)
        for offset in [0, 1, 3, 8, 40, 999, 2000] {
            var (place, seen) = (offset, Set<Int>())
            while true {
                let (start, piece) = window.piece(from: place, atMost: 5)
                guard !piece.isEmpty else { break }
                #expect(start >= place && piece.count <= 5)
                #expect(Array(piece) == Array(bytes[start..<start + piece.count]))
                seen.formUnion(start..<start + piece.count)
                place = start + piece.count
            }
            #expect(seen == kept.filter { $0 >= offset })
        }
    }

    @Test func `what a run has written is shown while it goes on, whole characters only`() async throws {
        try await withExecutor { client in
            let sleep = uniqueSleep()
            let request = request("printf 'a\\303'; printf err >&2; \(sleep)")
            async let result = client.run(request)
            func shown(from offset: Int) async -> (stdout: ShownText, stderr: ShownText)? {
                await client.output(
                    executionID: request.executionID, fencingToken: request.fencingToken, stdoutFrom: offset,
                    stderrFrom: 0)
            }
            let deadline = ContinuousClock.now + .seconds(10)
            while await shown(from: 0)?.stderr.text != "err", ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(5))
            }
            let first = try #require(await shown(from: 0))
            #expect(first.stdout.text == "a" && first.stdout.start == 0 && first.stdout.end == 1)
            #expect(first.stderr.text == "err" && first.stderr.end == 3)
            let rest = try #require(await shown(from: 1))
            #expect(rest.stdout.text == "" && rest.stdout.end == 1)
            let stranger = await client.output(
                executionID: UUID(), fencingToken: 1, stdoutFrom: 0, stderrFrom: 0)
            #expect(stranger == nil)
            for process in processes(with: sleep) { kill(process, SIGKILL) }
            #expect(await result?.stdout.text == "a\u{FFFD}")
            #expect(await shown(from: 0) == nil)
        }
    }
}
