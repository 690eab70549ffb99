import EndToEndSupport
import Foundation
import Glibc
import Testing

extension EndToEnd {
    /// Where an operator has the wrong place, or has not the keys any more.
    @Suite struct KeyStory {
        private func withoutKeys(_ settings: [String: String] = [:]) -> [String: String] {
            ["SECRET_KEY": "", "ENCRYPTION_KEY": ""].merging(settings) { $1 }
        }

        @Test(arguments: [
            ["user", "list"], ["user", "create", "ada", "--email", "ada@x.example"], ["user", "disable", "ada"],
            ["user", "passwd", "ada"], ["migrate"], ["secrets", "rotate"],
            ["secrets", "forget", "signing-key", "--yes"],
        ])
        func `a command makes no data where no server has worked`(_ words: [String]) async throws {
            let workspace = try Stage.current.workspace
            let directory = try workspace.openDirectory("wrong")
            chmod(directory, 0o755)
            // Nothing is there to be read: nobody is asked for a password that would be for nothing.
            let answer = try await Tool(workspace: workspace).run(
                ["/usr/bin/env", "-C", directory, try Tool.qkron()] + words, input: "")
            #expect(answer.failed(4, "There are no data of a qkron in \(directory)/.qkron"), "\(answer)")
            #expect(answer.output.isEmpty && answer.error.contains("QKRON_DATABASE_URL"), "\(answer)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory).isEmpty)
        }

        @Test func `rotating needs the database and the sealing key alone, and makes none`() async throws {
            try await Story.tell("rotate_alone") { story in
                chmod(story.directory, 0o755)
                let server = try await story.server(database: try await story.database())
                let tool = Tool(workspace: story.stage.workspace)
                var settings = ["DATABASE_URL": try #require(server.environment["DATABASE_URL"])]
                let rotate = ["/usr/bin/env", "-C", story.directory, try Tool.qkron(), "secrets", "rotate"]
                let keyless = try await tool.run(rotate, environment: settings)
                #expect(keyless.failed(4, "There is no ENCRYPTION_KEY here"), "\(keyless)")
                settings["ENCRYPTION_KEY"] = QkronServer.encryptionKey
                #expect(try await tool.run(rotate, environment: settings).output == "Sealed anew: 0.\n")
                #expect(!FileManager.default.fileExists(atPath: "\(story.directory)/.qkron"))
                #expect(try await server.stop() == .exited(0))
            }
        }

        @Test func `keys that are lost are forgotten on purpose, with all servers stopped, and it is written down`()
            async throws
        {
            try await Story.tell("forget") { story in
                let database = try await story.database()
                let server = try await story.server(database: database, settings: ["COMPONENTS": "api"])
                let person = try await server.newcomer()
                _ = try await person.makeTask([
                    "command": "true", "env": ["TOKEN": "secret of the task"], "secret_env": ["TOKEN"],
                ])
                let unsaid = try await server.command("secrets", "forget", "signing-key")
                #expect(unsaid.failed(64, "everybody has to log in again"), "\(unsaid)")
                // This server runs no tasks, so it is no node.
                for key in ["signing-key", "encryption-key"] {
                    let live = try await server.command("secrets", "forget", key, "--yes")
                    #expect(live.failed(5, "Stop every server of this database first"), "\(live)")
                }
                #expect(try await server.stop() == .exited(0))

                let other = await story.unstartedServer("-other", database: database, settings: withoutKeys())
                for key in ["signing-key", "encryption-key"] {
                    let process = try await other.launch()
                    #expect(try await process.wait() != .exited(0))
                    #expect(process.error.contains("qkron secrets forget \(key)"), "\(process.error)")
                    if key == "signing-key" {
                        let told = try await other.command("secrets", "forget", key, "--yes", "--json")
                        #expect(try told.json == ["forgotten": "signing-key", "lost": 0], "\(told)")
                    } else {
                        let told = try await other.command("secrets", "forget", key, "--yes")
                        #expect(told.output.hasPrefix("Forgotten: ") && told.output.hasSuffix(": 1.\n"), "\(told)")
                    }
                    #expect(try await other.command("secrets", "forget", key, "--yes").failed(4, "knows no"))
                }
                try await other.start()
                #expect(try await other.call("GET", "/auth/me", token: person.token).status == 401)
                let again = try await other.logIn(person.username, person.password)
                #expect(again.verdict == "200")
                let live = try await other.command("secrets", "forget", "signing-key", "--yes")
                #expect(live.failed(5, "forget-other"), "\(live)")
                let rows = try await database.rows(
                    "SELECT actor_type, changes::text FROM qkron.audit WHERE action = 'secrets.forget' ORDER BY at")
                #expect(rows.count == 2 && "\(rows)".contains("SECRET_KEY") && "\(rows)".contains("console"))
                #expect(try await other.stop() == .exited(0))
            }
        }

        @Test func `a signing key that was made up is handed on as its file has it`() async throws {
            try await Story.tell("handed_on") { story in
                let database = try await story.database()
                let first = try await story.server("-a", database: database, settings: ["SECRET_KEY": ""])
                let person = try await first.newcomer()
                let file = "\(first.dataDirectory)/secret_key"
                let text = try String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(in: .newlines)
                #expect(try await first.stop() == .exited(0))
                let copy = "\(story.directory)/copy"
                try text.write(toFile: copy, atomically: false, encoding: .utf8)
                chmod(copy, 0o644)
                let rotation = ["SECRET_KEY_PREVIOUS": text, "SECRET_KEY": QkronServer.secretKey]
                for (name, settings) in [
                    ("-b", ["SECRET_KEY": text]), ("-c", ["SECRET_KEY": "", "SECRET_KEY_FILE": copy]), ("-d", rotation),
                    // The database knows the new key by now.
                    ("-e", rotation),
                ] {
                    let next = try await story.server(name, database: database, settings: settings)
                    #expect(try await next.call("GET", "/auth/me", token: person.token).verdict == "200", "\(name)")
                    #expect(try await next.stop() == .exited(0))
                }
            }
        }

        @Test func `a start warns of a database without an account, and a check of a name that is no setting`()
            async throws
        {
            try await Story.tell("nobody_there") { story in
                let nobody = ["SUPERUSER_USERNAME": "", "SUPERUSER_EMAIL": "", "SUPERUSER_PASSWORD": ""]
                let server = try await story.server(
                    database: try await story.database(), settings: nobody.merging(["QKRON_PROT": "1"]) { $1 })
                #expect(await server.log.contains("qkron user create NAME"))
                let check = try await server.command("serve", "--check")
                #expect(check.hasSucceeded && check.error.contains("QKRON_PROT"), "\(check)")
                #expect(try await server.stop() == .exited(0))
            }
        }
    }
}
