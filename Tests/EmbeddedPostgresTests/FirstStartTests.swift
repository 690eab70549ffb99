import EmbeddedPostgres
import Foundation
import Logging
import SystemPackage
import SystemUsers
import Testing

@testable import EmbeddedPostgres

@Suite(.serialized)
struct FirstStartTests {
    @Test func `what an interrupted first start left is removed`() async throws {
        try await Scratch.with { scratch in
            _ = try DataDirectory(path: scratch.data)
            let draft = scratch.data + "/postgres.incomplete"
            let user = try SystemUser.forServer()
            try Files.makeDirectory(FilePath(draft), mode: 0o700, owner: user)
            try Data().write(to: URL(fileURLWithPath: draft + "/PG_VERSION"))
            chown(draft + "/PG_VERSION", user.uid, user.gid)
            let server = try await scratch.start()
            #expect(!FileManager.default.fileExists(atPath: draft))
            await server.stop()
        }
    }

    @Test func `a first start that is cancelled leaves nothing running and can be repeated`() async throws {
        try await Scratch.with { scratch in
            let draft = scratch.data + "/postgres.incomplete"
            await #expect(throws: CancellationError.self) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { _ = try await scratch.start() }
                    try await until("initdb works") { FileManager.default.fileExists(atPath: draft + "/base") }
                    group.cancelAll()
                    try await group.waitForAll()
                }
            }
            #expect(!RunningProcess.all().contains { $0.arguments.contains(draft) })
            #expect(!FileManager.default.fileExists(atPath: scratch.data + "/postgres"))
            let server = try await scratch.start()
            #expect(try await scratch.sql("SELECT 1", at: server) == "1")
            await server.stop()
        }
    }

    @Test func `initdb that outlived its qkron is ended`() async throws {
        try await Scratch.with { scratch in
            let user = try SystemUser.forServer()
            let cluster = Cluster(
                data: try DataDirectory(path: scratch.data), user: user, logger: Logger(label: "test"))
            try Files.makeDirectory(cluster.draft, mode: 0o700, owner: user)
            let program = try await PostgresInstallation.find(explicit: nil).program("initdb")
            let shell = ServerCommand(
                program: "/bin/sh",
                arguments: [
                    "-c", "\"$0\" -D \"$1\" -U postgres >/dev/null 2>&1 &", program.string, cluster.draft.string,
                ],
                user: user)
            _ = try await shell.run()
            try await until("initdb works") { cluster.draft.string.isPopulated }
            let initdb = RunningProcess.all().filter {
                $0.programName == "initdb" && $0.arguments.contains(cluster.draft.string)
            }
            #expect(initdb.count == 1)
            let server = try await scratch.start()
            let survivors = initdb.filter(\.isAlive)
            #expect(survivors.isEmpty)
            #expect(try await scratch.sql("SELECT 1", at: server) == "1")
            await server.stop()
        }
    }

    @Test func `data of another version is refused by name`() async throws {
        try await Scratch.with { scratch in
            await (try scratch.start()).stop()
            try "14\n".write(toFile: scratch.data + "/postgres/PG_VERSION", atomically: false, encoding: .utf8)
            let installation = try await PostgresInstallation.find(explicit: nil)
            await #expect(
                throws: EmbeddedPostgresError.versionMismatch(
                    data: 14, installed: installation.version, cluster: scratch.data + "/postgres")
            ) { try await scratch.start() }
        }
    }

    @Test func `a setting that PostgreSQL refuses is told with the words of its log`() async throws {
        try await Scratch.with { scratch in
            let error = await #expect(throws: EmbeddedPostgresError.self) {
                try await scratch.start(settings: ["max_connections": "none"])
            }
            #expect(error?.description.contains("max_connections") ?? false)
            #expect(error?.description.contains(scratch.data + "/log/postgres.log") ?? false)
        }
    }

    @Test func `a log past its size is set aside`() async throws {
        try await Scratch.with { scratch in
            await (try scratch.start()).stop()
            let log = scratch.data + "/log/postgres.log"
            try #require(truncate(log, 10_000_001) == 0)
            await (try scratch.start()).stop()
            #expect(try Files.status(of: FilePath(log))?.st_size ?? 0 < 10_000)
            #expect(try Files.status(of: FilePath(log + ".1"))?.st_size == 10_000_001)
        }
    }

    @Test func `an installation is found, named or refused`() async throws {
        let found = try await PostgresInstallation.find(explicit: nil)
        #expect(found.version >= 15)
        #expect(try await PostgresInstallation.find(explicit: found.directory).directory == found.directory)
        #expect(try await PostgresInstallation.find(explicit: nil, searchPath: "/nowhere:\(found.directory)") == found)
        await #expect(
            throws: EmbeddedPostgresError.installationIncomplete(directory: "/nowhere", missing: "initdb")
        ) { try await PostgresInstallation.find(explicit: "/nowhere") }
    }
}

extension String {
    /// Whether a directory of this path holds anything.
    fileprivate var isPopulated: Bool { (try? FileManager.default.contentsOfDirectory(atPath: self))?.isEmpty == false }
}
