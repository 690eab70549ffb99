import EndToEndSupport
import Foundation
import Glibc
import Testing

extension EndToEnd {
    /// What a server refuses to start with, and how it says so.
    @Suite struct ConfigurationStory {
        private func refusal(of server: QkronServer) async throws -> String {
            let process = try await server.launch()
            let end = try await process.wait()
            #expect(end != .exited(0))
            return process.error
        }

        @Test func `servers of one database share their secret key, or bring the known one as the previous`()
            async throws
        {
            try await Story.tell("keys") { story in
                let database = try await story.database()
                let workspace = story.stage.workspace
                let first = try await story.server("-a", database: database)
                let person = try await first.newcomer()
                let other = "another secret key that has more than 32 bytes"
                let stranger = QkronServer("keys-b", in: workspace, database: database, settings: ["SECRET_KEY": other])
                let refusal = try await refusal(of: stranger)
                #expect(refusal.contains("SECRET_KEY"), "\(refusal)")
                #expect(!refusal.contains(other) && !refusal.contains(QkronServer.secretKey))

                let rotated = try await story.server(
                    "-c", database: database,
                    settings: ["SECRET_KEY": other, "SECRET_KEY_PREVIOUS": QkronServer.secretKey])
                #expect(try await rotated.call("GET", "/auth/me", token: person.token).verdict == "200")
                #expect(try await rotated.stop() == .exited(0))
            }
        }

        @Test func `every fault is told at once, whichever way it came`() async throws {
            let dotEnv = "LOG_LEVEL=loud\nthis is no setting\nPORT=x\nnor this\n"
            let answer = try await serve(with: Data(dotEnv.utf8), "--lease-seconds", "0")
            #expect(answer.end == .exited(1))
            for fault in [".env, line 2", ".env, line 4", "LOG_LEVEL", "PORT", "--lease-seconds", "MAX_CONCURRENCY"] {
                #expect(answer.error.contains(fault), "\(answer.error)")
            }
        }

        @Test(arguments: [("", nil), ("none", nil), ("http://localhost:3000", "http://localhost:3000")])
        func `CORS_ORIGINS that is left empty names nobody`(value: String, allowed: String?) async throws {
            try await Story.tell("origins") { story in
                let file = "\(story.directory)/origins"
                try Data(value.utf8).write(to: URL(fileURLWithPath: file))
                let server = try await story.server(
                    database: try await story.database(),
                    settings: ["CORS_ORIGINS_FILE": file, "COMPONENTS": "api"])
                let answer = try await server.send("GET", "/live", headers: [("Origin", "http://localhost:3000")])
                #expect(answer.status == 200 && answer.header("Access-Control-Allow-Origin") == allowed)
                #expect(try await server.stop() == .exited(0))
            }
        }

        @Test func `an .env that is no text is one fault among the others`() async throws {
            let answer = try await serve(with: Data([0x41, 0x3D, 0xFF]))
            #expect(answer.end == .exited(1))
            #expect(answer.error.contains(".env") && answer.error.contains("MAX_CONCURRENCY"), "\(answer.error)")
        }

        /// What a server says of a faulty setting in its environment, with this `.env` where it starts.
        private func serve(with dotEnv: Data, _ flags: String...) async throws -> Tool.Answer {
            let workspace = try Stage.current.workspace
            let directory = try workspace.openDirectory("faults")
            chmod(directory, 0o755)
            try dotEnv.write(to: URL(fileURLWithPath: "\(directory)/.env"))
            return try await Tool(workspace: workspace).run(
                ["/usr/bin/env", "-C", directory, try Tool.qkron(), "serve"] + flags,
                environment: ["MAX_CONCURRENCY": "many"])
        }

        @Test(.enabled(if: getuid() == 0, "only root has something to lose by it"))
        func `root takes no .env that others could have written`() async throws {
            let workspace = try Stage.current.workspace
            let directory = try workspace.openDirectory("foreign")
            let file = "\(directory)/.env"
            try "PORT=x\n".write(toFile: file, atomically: false, encoding: .utf8)
            for (place, owner, mode) in [
                (directory, 0, 0o755), (file, 0, 0o664), (file, 65_534, 0o644), (directory, 0, 0o1777),
                (directory, 65_534, 0o755),
            ] as [(String, uid_t, mode_t)] {
                for path in [directory, file] { try #require(chown(path, 0, 0) == 0 && chmod(path, 0o755) == 0) }
                try #require(chown(place, owner, 0) == 0 && chmod(place, mode) == 0)
                for command in [["serve", "--check"], ["migrate"]] {
                    let answer = try await Tool(workspace: workspace).run(
                        ["/usr/bin/env", "-C", directory, try Tool.qkron()] + command,
                        environment: ["MAX_CONCURRENCY": "many"])
                    let isTaken = (owner, mode) == (0, 0o755)
                    #expect(answer.error.contains("PORT") == isTaken, "\(answer.error)")
                    #expect(answer.error.contains("not taken by root") != isTaken, "\(answer.error)")
                }
            }
        }

        @Test func `a database of a newer version is refused`() async throws {
            try await Story.tell("newer") { story in
                let database = try await story.database()
                let server = QkronServer("newer", in: story.stage.workspace, database: database)
                #expect(try await server.command("migrate").hasSucceeded)
                _ = try await database.rows(
                    "INSERT INTO qkron.schema_migrations (number, name, checksum) VALUES (9999, 'to come', 'x')")
                #expect(try await refusal(of: server).contains("newer"))
            }
        }

        @Test(.enabled(if: getuid() == 0, "only root runs commands as somebody else"))
        func `commands never run as the user of the database, whatever its name`() async throws {
            try await Story.tell("owner") { story in
                let tool = Tool(workspace: story.stage.workspace)
                let passwords = "\(story.directory)/passwd"
                let users = try String(contentsOfFile: "/etc/passwd", encoding: .utf8)
                let owner = try #require(users.split(separator: "\n").first { $0.hasPrefix("postgres:") })
                try (users + "keeper:" + owner.dropFirst("postgres:".count) + "\n")
                    .write(toFile: passwords, atomically: false, encoding: .utf8)
                // The second name is known only there.
                let elsewhere = [
                    try Tool.find("unshare"), "-m", "sh", "-c", #"mount --bind "$0" /etc/passwd; exec "$@""#,
                ]
                let server = QkronServer("owner", in: story.stage.workspace, database: try await story.database())
                for name in ["postgres", "keeper"] {
                    let command = [try Tool.qkron(), "serve", "--run-as", name]
                    let place = name == "keeper" ? elsewhere + [passwords] : []
                    // A container may not let us.
                    guard try await tool.run(place + ["/bin/true"]).hasSucceeded else { continue }
                    let answer = try await tool.run(place + command, environment: server.environment)
                    #expect(!answer.hasSucceeded && answer.error.contains("owns the database"), "\(answer)")
                }
            }
        }

        @Test(.enabled(if: getuid() == 0, "only root has a directory that others cannot enter"))
        func `a data directory that postgres cannot reach is refused`() async throws {
            try await Story.tell("unreachable") { story in
                chmod(story.directory, 0o755)
                let closed = "\(story.directory)/closed"
                try FileManager.default.createDirectory(atPath: closed, withIntermediateDirectories: false)
                chmod(closed, 0o700)
                let server = QkronServer(
                    "unreachable", in: story.stage.workspace, settings: ["DATA_DIR": "\(closed)/data"])
                let refusal = try await refusal(of: server)
                #expect(refusal.contains("\(closed) is closed") && refusal.contains("--data-dir"), "\(refusal)")
            }
        }

        @Test func `a database that cannot be reached is named in the refusal, without its password`() async throws {
            // Not a story of its own turn: the program waits half a minute for its database.
            let server = QkronServer(
                "nowhere", in: try Stage.current.workspace,
                settings: [
                    "DATABASE_URL": "postgresql://someone:hush-hush@127.0.0.1:1/none", "DB_CONNECT_TIMEOUT": "1",
                ])
            let answer = try await server.command("migrate")
            #expect(answer.end != .exited(0))
            #expect(!answer.error.isEmpty && !answer.error.contains("hush-hush"), "\(answer.error)")
        }
    }
}
