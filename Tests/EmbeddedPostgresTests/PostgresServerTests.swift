import Foundation
import Subprocess
import SystemPackage
import Testing

@testable import EmbeddedPostgres

@Suite(.serialized)
struct PostgresServerTests {
    @Test func `the first start makes a database and a restart keeps what is in it`() async throws {
        try await Scratch.with { scratch in
            let first = try await scratch.start()
            #expect(try await scratch.sql("SELECT current_user, current_database()", at: first) == "qkron|qkron")
            _ = try await scratch.sql("CREATE TABLE t (x int); INSERT INTO t VALUES (7)", at: first)
            await first.stop()
            await first.stop()
            #expect(!isAlive(await first.processID))

            let second = try await scratch.start()
            #expect(try await scratch.sql("SELECT x FROM t", at: second) == "7")
            #expect(try await scratch.sql("SHOW server_encoding", at: second) == "UTF8")
            await second.stop()
        }
    }

    @Test func `settings are durable unless others are given`() async throws {
        try await Scratch.with { scratch in
            let server = try await scratch.start(settings: [:])
            let names = "'fsync', 'synchronous_commit', 'full_page_writes'"
            let statement = "SELECT string_agg(setting, ' ') FROM pg_settings WHERE name IN (\(names))"
            #expect(try await scratch.sql(statement, at: server) == "on on on")
            await server.stop()
        }
    }

    @Test func `qkron is no superuser`() async throws {
        try await Scratch.with { scratch in
            let server = try await scratch.start()
            let statement = "SELECT rolsuper, rolcreaterole, rolbypassrls FROM pg_roles WHERE rolname = current_user"
            #expect(try await scratch.sql(statement, at: server) == "f|f|f")
            await server.stop()
        }
    }

    @Test func `directories are closed to strangers`() async throws {
        try await Scratch.with { scratch in
            let server = try await scratch.start()
            #expect(try mode(of: scratch.data) == (Scratch.isRoot ? 0o711 : 0o700))
            #expect(try owner(of: scratch.data) == geteuid())
            for name in ["postgres", "run", "log"] {
                #expect(try mode(of: "\(scratch.data)/\(name)") == 0o700, "\(name)")
                #expect(try (owner(of: "\(scratch.data)/\(name)") == 0) == false, "\(name)")
            }
            #expect(try owner(of: "\(scratch.data)/conf/postgresql.conf") == geteuid())
            #expect(try mode(of: "\(scratch.data)/log/postgres.log") == 0o600)
            await server.stop()
        }
    }

    @Test(.enabled(if: Scratch.isRoot)) func `nobody cannot connect`() async throws {
        try await Scratch.with { scratch in
            let server = try await scratch.start()
            let nobody = try #require(getpwnam("nobody")).pointee
            let user = (id: nobody.pw_uid, group: nobody.pw_gid)
            let outside = try await scratch.psql("SELECT 1", server.connectionString, as: user)
            #expect(!outside.isSuccess)
            #expect(outside.output.contains("Permission denied"))

            // Even where the directory and the socket stand open, the server knows its callers.
            chmod("\(scratch.data)/run", 0o755)
            chmod("\(scratch.data)/run/.s.PGSQL.5432", 0o777)
            let inside = try await scratch.psql("SELECT 1", server.connectionString, as: user)
            #expect(!inside.isSuccess)
            #expect(inside.output.contains("Peer authentication failed"))
            await server.stop()
        }
    }

    @Test func `the server listens on no network and inherits nothing of ours`() async throws {
        setenv("QKRON_TEST_SECRET", "not for the database", 1)
        let descriptor = open("/etc/passwd", O_RDONLY)
        defer { close(descriptor) }
        try await Scratch.with { scratch in
            let server = try await scratch.start()
            let process = await server.processID
            let folder = "/proc/\(process)/fd"
            let open = try FileManager.default.contentsOfDirectory(atPath: folder).compactMap {
                try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)")
            }
            #expect(!open.contains("/etc/passwd"))
            #expect(open.contains { $0.hasPrefix("socket:[") })
            for table in ["tcp", "tcp6", "udp", "udp6"] {
                let rows = (try? String(contentsOfFile: "/proc/net/\(table)", encoding: .utf8)) ?? ""
                for row in rows.split(separator: "\n").dropFirst() {
                    let inode = row.split(separator: " ")[9]
                    #expect(!open.contains("socket:[\(inode)]"), "\(table): \(row)")
                }
            }
            let environment = try String(contentsOfFile: "/proc/\(process)/environ", encoding: .utf8)
            #expect(environment.contains("LC_ALL=C.UTF-8"))
            #expect(!environment.contains("QKRON_TEST_SECRET"))
            #expect(getsid(process) != getsid(0))
            await server.stop()
        }
    }

    @Test func `a server that is killed is started again with its data until the run is cancelled`() async throws {
        try await Scratch.with { scratch in
            let server = try await scratch.start(settings: ["fsync": "off"])
            _ = try await scratch.sql("CREATE TABLE t AS SELECT 7 AS x", at: server)
            let first = await server.processID
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await server.run() }
                kill(first, SIGKILL)
                try await until("another server runs") { await server.processID != first }
                #expect(try await scratch.sql("SELECT x FROM t", at: server) == "7")
                group.cancelAll()
            }
            #expect(isAlive(await server.processID), "to stop it is its owner's business")
            await server.stop()
            #expect(!isAlive(await server.processID))
            #expect(scratch.recordedProcessID() == nil)
        }
    }

    @Test(.timeLimit(.minutes(3))) func `a server with open transactions stops at once`() async throws {
        try await Scratch.with { scratch in
            let server = try await scratch.start()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    let sleeper = try await scratch.psql("SELECT pg_sleep(900)", server.connectionString, as: nil)
                    #expect(!sleeper.isSuccess)
                }
                try await until("the statement runs") {
                    let statement = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(900)'"
                    return try await scratch.sql(statement, at: server) == "1"
                }
                await server.stop()
                try await group.waitForAll()
            }
        }
    }
}
