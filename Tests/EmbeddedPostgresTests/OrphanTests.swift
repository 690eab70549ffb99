import EmbeddedPostgres
import Foundation
import Subprocess
import SystemPackage
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

    @Test func `a stale file with the number of another process does no harm`() async throws {
        try await Scratch.with { scratch in
            let first = try await scratch.start()
            let file = scratch.data + "/postgres/postmaster.pid"
            let text = try String(contentsOfFile: file, encoding: .utf8)
            let number = await first.processID
            await first.stop()

            var options = PlatformOptions()
            let user = try SystemUser.forServer()
            if Scratch.isRoot { options.userID = user.id }
            _ = try await run(
                .path("/bin/sleep"), arguments: ["300"], platformOptions: options, input: .none, output: .discarded,
                error: .discarded
            ) { execution in
                let other = execution.processIdentifier.value
                try text.replacingOccurrences(of: "\(number)\n", with: "\(other)\n").write(
                    toFile: file, atomically: true, encoding: .utf8)
                chown(file, user.id, user.groupID)
                let server = try await scratch.start()
                #expect(isAlive(other))
                #expect(try await scratch.sql("SELECT 1", at: server) == "1")
                await server.stop()
                kill(other, SIGKILL)
            }
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
        process.workingDirectory?.string == scratch.data + "/postgres"
    }
}
