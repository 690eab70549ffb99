import EndToEndSupport
import Foundation
import Glibc
import Testing

extension EndToEnd {
    /// What a task keeps secret, and with whose rights its command runs.
    @Suite struct SecretStory {
        private static let value = "s3cr3t-value-of-tests"
        private static let keys = (Data(repeating: 1, count: 32), Data(repeating: 2, count: 32))

        @Test func `a secret reaches its command and nobody else, and outlives the change of keys`() async throws {
            try await Story.tell("secret") { story in
                let database = try await story.database()
                let (old, new) = (Self.keys.0.base64EncodedString(), Self.keys.1.base64EncodedString())
                let server = try await story.server("-a", database: database, settings: ["ENCRYPTION_KEY": old])
                let person = try await server.newcomer()
                let task = try await person.makeTask([
                    "max_retries": 0, "env": ["TOKEN": .string(Self.value), "PLAIN": "plain"], "secret_env": ["TOKEN"],
                    "command": "printf %s \"$TOKEN\" | wc -c; echo \"<$TOKEN> $PLAIN\"; echo \"$TOKEN\" >&2",
                ])
                func expectHidden(_ server: QkronServer) async throws {
                    let owner = Person(
                        server: server, id: person.id, username: person.username, password: person.password,
                        token: person.token)
                    let run = try await owner.execution(try await owner.execute(task), of: task, is: "completed")
                    #expect(run["stdout"].string == "\(Self.value.utf8.count)\n<***> plain\n")
                    #expect(run["stderr"].string == "***\n")
                    let shown = try await server.superuser().get("/tasks/\(task)")
                    #expect(shown["env"] == ["TOKEN": nil, "PLAIN": "plain"] && shown["secret_env"] == ["TOKEN"])
                    let rows = try await database.rows(
                        """
                        SELECT t::text FROM qkron.tasks t UNION ALL SELECT e::text FROM qkron.executions e
                        UNION ALL SELECT o::text FROM qkron.execution_output o UNION ALL SELECT a::text FROM qkron.audit a
                        """)
                    #expect(!"\(rows)".contains("s3cr3t"))
                    #expect(await !server.log.contains("s3cr3t"))
                }
                try await expectHidden(server)
                #expect(try await server.stop() == .exited(0))

                let stranger = QkronServer(
                    "secret-b", in: story.stage.workspace, database: database, settings: ["ENCRYPTION_KEY": new])
                let process = try await stranger.launch()
                #expect(try await process.wait() != .exited(0))
                #expect(process.error.contains("another ENCRYPTION_KEY") && !process.error.contains(new))
                #expect(try await !stranger.command("secrets", "rotate").hasSucceeded)

                let both = QkronServer(
                    "secret-c", in: story.stage.workspace, database: database,
                    settings: ["ENCRYPTION_KEY": new, "ENCRYPTION_KEY_PREVIOUS": old])
                #expect(try await both.command("secrets", "rotate").output == "Sealed anew: 1.\n")
                #expect(try await both.command("secrets", "rotate").output == "Sealed anew: 0.\n")
                let last = try await story.server("-d", database: database, settings: ["ENCRYPTION_KEY": new])
                try await expectHidden(last)
                #expect(try await last.stop() == .exited(0))
                let told = try await database.rows("SELECT count(*) FROM qkron.audit WHERE action = 'secrets.rotate'")
                #expect(told == [["1"]])
            }
        }

        @Test(.enabled(if: getuid() == 0, "only root runs commands as somebody else"))
        func `a command runs as the system user of its owner's role`() async throws {
            try await Story.tell("roles") { story in
                let server = try await story.server(
                    database: try await story.database(), settings: ["RUN_AS": "user=games, superuser=nobody"])
                let person = try await server.newcomer()
                let root = try await server.superuser()
                let command: JSON = ["max_retries": 0, "command": "id -un; echo $HOME $USER $LOGNAME"]
                for (owner, name) in [(person, "games"), (root, "nobody")] {
                    let task = try await owner.makeTask(command)
                    // Whoever asks for it.
                    let run = try await owner.execution(try await root.execute(task), of: task, is: "completed")
                    let lines = (run["stdout"].string ?? "").split(separator: "\n")
                    #expect(lines.first == Substring(name) && lines.last?.hasSuffix(" \(name) \(name)") == true)
                }
                #expect(try await server.stop() == .exited(0))
            }
        }

        @Test(
            arguments: [
                ("user=nobody", "names no system user for the role 'superuser'"), ("user=", "pairs role=name"),
                ("cook=nobody", "pairs role=name"), ("nobody,games", "pairs role=name"),
                ("user=nobody,user=games,superuser=nobody", "pairs role=name"), ("no-such-user", "no such user"),
                ("user=nobody,superuser=no-such-user", "no such user"),
            ])
        func `a RUN_AS that is not clear is refused`(runAs: String, words: String) async throws {
            let isRead = words == "no such user"
            let server = QkronServer(
                "run-as-\(UUID().uuidString.prefix(8))", in: try Stage.current.workspace,
                settings: ["RUN_AS": runAs, "ENCRYPTION_KEY": isRead ? "" : "c2hvcnQ="])
            let process = try await server.launch()
            #expect(try await process.wait() != .exited(0))
            #expect(process.error.contains(words), "\(process.error)")
            #expect(isRead || process.error.contains("ENCRYPTION_KEY must be 32 bytes"), "\(process.error)")
        }
    }
}
