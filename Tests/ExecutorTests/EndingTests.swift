import Foundation
import Glibc
import Synchronization
import Testing

@testable import Executor

/// Commands that try to leave something behind; `SLEEP` stands for a sleep that only this test starts.
private let evaders = [
    "SLEEP & SLEEP",
    "trap '' TERM; SLEEP & SLEEP; SLEEP",
    "setsid sh -c 'SLEEP & SLEEP & exit' ; SLEEP",
    "(setsid sh -c '(setsid SLEEP &) &' &) ; SLEEP",
    "env -i setsid sh -c '(env -i setsid SLEEP &) & exit' & wait; SLEEP",
    "trap '' TERM; (env -i setsid sh -c \"trap '' TERM; SLEEP & SLEEP\" &); SLEEP",
    "setsid sh -c 'kill -STOP $$; SLEEP' & SLEEP",
    "SLEEP > /dev/null 2>&1 & kill -STOP $$",
]

@Suite struct EndingTests {
    @Test(arguments: evaders)
    func `a timeout ends the whole tree`(evader: String) async throws {
        try await withExecutor { client in
            let sleep = uniqueSleep()
            let command = evader.replacingOccurrences(of: "SLEEP", with: sleep)
            let result = await client.result(of: request(command, timeout: .milliseconds(400)))
            #expect(result.ending == .timedOut)
            #expect(result.survivors == 0)
            #expect(processes(with: sleep) == [])
        }
    }

    @Test(arguments: evaders)
    func `a cancelled run takes its whole tree along`(evader: String) async throws {
        try await withExecutor { client in
            let sleep = uniqueSleep()
            let request = request(evader.replacingOccurrences(of: "SLEEP", with: sleep))
            let run = Task { await client.result(of: request) }
            try await eventually("the command's sleep") { !processes(with: sleep).isEmpty }
            run.cancel()
            #expect(await run.value.ending == .ended(.cancelled))
            #expect(processes(with: sleep) == [])
        }
    }

    @Test(arguments: evaders)
    func `a lease that nobody extends ends the whole tree`(evader: String) async throws {
        try await withExecutor { client in
            let sleep = uniqueSleep()
            let command = evader.replacingOccurrences(of: "SLEEP", with: sleep)
            let result = await client.result(of: request(command, lease: .milliseconds(400)))
            #expect(result.ending == .leaseLapsed)
            #expect(processes(with: sleep) == [])
            #expect(result.duration < .seconds(10))
        }
    }

    @Test func `an extended lease lets the run go on`() async throws {
        try await withExecutor { client in
            async let result = client.result(of: request("sleep 5.5; echo done", lease: .seconds(5)))
            try await eventually("the run is sent") {
                client.state.withLock { $0.runs.values.contains { $0.place != nil } }
            }
            client.extendLeases(to: .after(.seconds(60), since: .now))
            client.extendLeases(to: .after(.milliseconds(1), since: .now))
            #expect(await result.stdout.text == "done\n")
        }
    }

    @Test func `a lease that has lapsed starts nothing`() async throws {
        try await withExecutor { client in
            let result = await client.result(of: request("echo never", lease: .milliseconds(-1)))
            #expect(result.ending == .leaseLapsed)
            #expect(result.stdout == .empty)
        }
    }

    @Test func `a polite command may use the grace`() async throws {
        try await withExecutor(killGrace: .seconds(25), leaseGrace: .seconds(25)) { client in
            let command = "trap 'echo bye; exit 0' TERM; echo hi; while :; do sleep 0.05; done"
            let result = await client.result(of: request(command, timeout: .milliseconds(400)))
            #expect(result.ending == .timedOut)
            #expect(result.stdout.text == "hi\nbye\n")
            #expect(result.duration < .seconds(20))
        }
    }

    @Test func `cancelling the task ends the run and still answers`() async throws {
        try await withExecutor { client in
            let sleep = uniqueSleep()
            let task = Task { await client.result(of: request("\(sleep) & \(sleep)")) }
            try await eventually("both sleeps") { processes(with: sleep).count == 2 }
            task.cancel()
            #expect(await task.value.ending == .ended(.cancelled))
            #expect(processes(with: sleep) == [])
        }
    }

    @Test func `what a command that ended by itself leaves behind lives on`() async throws {
        try await withExecutor { client in
            let sleep = uniqueSleep()
            let id = UUID()
            let first = await client.result(of: request("setsid \(sleep) > /dev/null 2>&1 & exit 3", id: id, token: 7))
            #expect(first.ending == .exited(3))
            // Neither the end of the next attempt nor that of another run touches it.
            async let other = client.result(of: request("sleep 1000", timeout: .milliseconds(100)))
            let second = await client.result(of: request("sleep 1000", id: id, token: 8, timeout: .milliseconds(100)))
            #expect(second.ending == .timedOut)
            #expect(await other.ending == .timedOut)
            let left = processes(with: sleep)
            #expect(left.count == 1)
            for pid in left { kill(pid, SIGKILL) }
        }
    }

    @Test func `what throws its mark off is killed, also while its run goes on`() async throws {
        try await withExecutor { client in
            let sleep = uniqueSleep()
            // Neither session, mark nor environment tells whose it is, nor a parent once the shells above it have
            // ended.
            let forger = "(env -i setsid bash -c '(ulimit -x 5; exec setsid \(sleep) > /dev/null 2>&1) &' &)"
            let ended = await client.result(of: request("\(forger); sleep 0.3"))
            #expect(ended.ending == .exited(0))
            try await eventually("the forger's end") { processes(with: sleep).isEmpty }
            let timedOut = await client.result(of: request("\(forger); sleep 1000", timeout: .milliseconds(400)))
            #expect(timedOut.ending == .timedOut)
            try await eventually("the forger's end") { processes(with: sleep).isEmpty }
        }
    }

    @Test func `a fork that never rests is caught`() async throws {
        try await withExecutor { client in
            let name = "restless\(UInt32.random(in: 0...UInt32.max))"
            // Each one starts the next in a session of its own and ends.
            let directory = try temporaryDirectory()
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let script = directory + "/\(name)"
            try "trap '' TERM\nsleep 0.01\nsetsid sh \(script) &\n".write(
                toFile: script, atomically: true, encoding: .utf8)
            let result = await client.result(of: request("sh \(script); sleep 1000", timeout: .milliseconds(300)))
            #expect(result.ending == .timedOut)
            #expect(result.survivors == 0)
            try await eventually("the end of the last fork") { processes(with: "sh \(script)").isEmpty }
        }
    }
}
