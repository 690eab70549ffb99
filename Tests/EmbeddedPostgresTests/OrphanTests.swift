import EmbeddedPostgres
import Foundation
import Subprocess
import SystemPackage
import SystemUsers
import Testing

@testable import EmbeddedPostgres

@Suite(.serialized)
struct OrphanTests {
    @Test func `a server that outlived its qkron is adopted`() async throws {
        try await Scratch.with { scratch in
            let orphan = try await scratch.start().processID
            let server = try await scratch.start()
            #expect(await server.processID == orphan)
            #expect(try await scratch.sql("SELECT 1", at: server) == "1")
            await server.stop()
            #expect(!isAlive(orphan))
        }
    }

    @Test func `an orphan with other settings is stopped and started again`() async throws {
        try await Scratch.with { scratch in
            let orphan = try await scratch.start().processID
            let settings = Scratch.hasty.merging(["work_mem": "5MB"]) { $1 }
            let server = try await scratch.start(settings: settings)
            #expect(await server.processID != orphan)
            #expect(!isAlive(orphan))
            #expect(try await scratch.sql("SHOW work_mem", at: server) == "5MB")
            await server.stop()
        }
    }

    @Test func `an orphan whose socket was deleted is stopped and started again`() async throws {
        try await Scratch.with { scratch in
            let orphan = try await scratch.start().processID
            unlink("\(scratch.data)/run/.s.PGSQL.5432")
            let server = try await scratch.start()
            #expect(await server.processID != orphan)
            #expect(try await scratch.sql("SELECT 1", at: server) == "1")
            await server.stop()
        }
    }

    @Test func `children of a killed server are gone before the next one starts`() async throws {
        try await Scratch.with { scratch in
            let first = try await orphan(of: scratch, after: "CREATE TABLE t AS SELECT 7 AS x")
            // A stopped child cannot notice the death of its parent.
            let child = try #require(
                RunningProcess.all().first {
                    $0.arguments.first?.contains(": checkpointer") ?? false && isOf($0, scratch)
                })
            kill(child.id, SIGSTOP)
            kill(first, SIGKILL)
            try await until("the first process has died") { !isAlive(first) }
            #expect(child.isAlive)
            try await withThrowingTaskGroup(of: Void.self) { group in
                // It is told to end while it cannot; only its end lets the start go on.
                group.addTask {
                    try await until("the child is told to end") { isPending(SIGQUIT, for: child.id) }
                    kill(child.id, SIGCONT)
                }
                let server = try await scratch.start(settings: ["fsync": "off"])
                #expect(!child.isAlive)
                #expect(try await scratch.sql("SELECT x FROM t", at: server) == "7")
                await server.stop()
                try await group.waitForAll()
            }
        }
    }

    @Test(arguments: [
        "echo $$ > \"$0\"; exec sleep 300",
        // The process that ends is nobody's business, and stays a zombie: its parent is no shell any more by then.
        "{ until read -r name < /proc/$$/comm && [ \"$name\" = sleep ]; do :; done; } & echo $! > \"$0\"; exec sleep 300",
    ])
    func `stale files with the number of another process do no harm`(script: String) async throws {
        try await Scratch.with { scratch in
            let first = try await scratch.start()
            let file = scratch.data + "/postgres/postmaster.pid"
            var lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").map(String.init)
            await first.stop()

            let user = try SystemUser.forServer()
            let note = scratch.path + "/number"
            try "".write(toFile: note, atomically: false, encoding: .utf8)
            chmod(note, 0o666)
            let shell = Scratch.command(
                "/bin/sh", ["-c", script, note], as: Scratch.isRoot ? (user.uid, user.gid) : nil)
            _ = try await run(
                shell.program, arguments: shell.arguments, input: .none, output: .discarded, error: .discarded
            ) { execution in
                try await until("the other process is known") {
                    lines[0] = try String(contentsOfFile: note, encoding: .utf8).trimmingCharacters(in: .newlines)
                    return !lines[0].isEmpty
                }
                let other = try #require(Int32(lines[0]))
                if script.contains("&") { try await until("it has ended") { !isAlive(other) } }
                try lines.joined(separator: "\n").write(toFile: file, atomically: true, encoding: .utf8)
                chown(file, user.uid, user.gid)
                let lock = scratch.data + "/run/.s.PGSQL.5432.lock"
                try FileManager.default.copyItem(atPath: file, toPath: lock)
                chown(lock, user.uid, user.gid)
                let server = try await scratch.start()
                #expect(kill(other, 0) == 0)
                #expect(try await scratch.sql("SELECT 1", at: server) == "1")
                await server.stop()
                kill(execution.processIdentifier.value, SIGKILL)
            }
        }
    }

    @Test func `a start that is cancelled leaves no server behind`() async throws {
        try await Scratch.with { scratch in
            await (try scratch.start()).stop()
            let path = scratch.data + "/conf"
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await (try scratch.start()).stop() }
                try await until("the server is being started") {
                    RunningProcess.all().contains { $0.arguments.contains(path) }
                }
                group.cancelAll()
                // A start that was quicker than the cancellation has been stopped above.
                while let result = await group.nextResult() {
                    if case .failure(let error) = result { #expect(error is CancellationError) }
                }
            }
            let left = RunningProcess.all().filter { $0.arguments.contains(path) || isOf($0, scratch) }
            #expect(left == [])
        }
    }

    /// A server that its `PostgresServer` left behind, as a killed qkron does.
    private func orphan(of scratch: Scratch, after statement: String) async throws -> Int32 {
        let server = try await scratch.start(settings: ["fsync": "off"])
        _ = try await scratch.sql(statement, at: server)
        return await server.processID
    }

    private func isPending(_ signal: Int32, for process: Int32) -> Bool {
        let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("ShdPnd:") } ?? ""
        let mask = line.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) } ?? 0
        return mask & (1 << UInt64(signal - 1)) != 0
    }

    private func isOf(_ process: RunningProcess, _ scratch: Scratch) -> Bool {
        let name = (try? DataDirectory(path: scratch.data))?.fingerprint ?? scratch.data
        return process.arguments.first?.contains(name) ?? false
    }
}
