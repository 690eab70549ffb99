import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    /// What a newcomer does first, on a server with a database of its own.
    @Suite struct NewcomerStory {
        @Test func `register, log in, schedule by cron and by interval, see it run, and find it again after a restart`()
            async throws
        {
            try await Story.tell("newcomer") { story in
                let server = try await story.server(settings: [
                    "SUPERUSER_USERNAME": "", "SUPERUSER_EMAIL": "", "SUPERUSER_PASSWORD": "",
                ])
                let person = try await server.newcomer()
                let cron = try await person.makeTask([
                    "schedule_type": "cron", "schedule": "* * * * * *", "command": "echo cron; echo oops >&2; exit 0",
                ])
                let interval = try await person.makeTask([
                    "schedule_type": "interval", "schedule": "1s", "command": "echo interval",
                ])
                for (task, output) in [(cron, "cron\n"), (interval, "interval\n")] {
                    let run = try await eventually("a slot has run") {
                        try await person.executions(of: task, "status=completed").first
                    }
                    #expect(run["stdout"].string == output && run["return_code"] == 0 && run["trigger"] == "schedule")
                }
                #expect(try await server.stop() == .exited(0))
                #expect(
                    ProcessTable.bearing(server.dataDirectory).isEmpty, "the private PostgreSQL stops with the server")

                try await server.start()
                #expect(try await person.executions(of: cron, "status=completed").isEmpty == false)
                #expect(try await person.get("/auth/me")["username"] == .string(person.username))
                #expect(try await server.stop() == .exited(0))
            }
        }

        @Test func `the first start shows an administrator's password once, and keeps it out of the log`() async throws
        {
            try await Story.tell("admin") { story in
                let server = try await story.server(settings: [
                    "SUPERUSER_USERNAME": "", "SUPERUSER_EMAIL": "", "SUPERUSER_PASSWORD": "", "SECRET_KEY": "",
                    "ENCRYPTION_KEY": "",
                ])
                let output = await server.output
                let words = output.split { $0.isWhitespace || $0 == "'" || $0 == "\"" }.map(String.init)
                var password: String?
                for word in words where word.count >= 8 && password == nil {
                    let answer = try await server.logIn("admin", word)
                    if answer.status == 200 { password = word }
                    if answer.status == 429 { break }
                }
                let found = try #require(password, "no password that opens the account admin: \(output)")
                #expect(!(await server.log).contains(found))
                let files = ProcessTable.bearing(server.dataDirectory).map(\.commandLine)
                #expect(!files.isEmpty)

                try await server.stop()
                try await server.start()
                #expect(!(await server.output).contains(found))
                #expect(try await server.logIn("admin", found).verdict == "200")
                try await server.stop()
            }
        }

        @Test func `a second start on the same directory is refused, and the first goes on`() async throws {
            try await Story.tell("second") { story in
                let database = try await story.database()
                let server = try await story.server(database: database)
                let second = try await server.launch()
                let end = try await second.wait()
                #expect(end != .exited(0))
                #expect(second.error.contains(server.dataDirectory), "\(second.error)")
                let first = try #require(await server.processID)
                #expect(second.error.contains(String(first)), "\(second.error)")
                #expect(try await server.send("GET", "/ready").status == 200)
            }
        }

        @Test func `all bad settings are told at once`() async throws {
            try await Story.tell("settings") { story in
                let answer = try await Tool(workspace: story.stage.workspace).run(
                    [try Tool.qkron(), "serve"],
                    environment: [
                        "DATA_DIR": story.directory + "/data", "PORT": "99999", "SECRET_KEY": "too short",
                        "MAX_CONCURRENCY": "many", "ENVIRONMENT": "moon",
                        "LABELS": "fine,\(String(repeating: "x", count: 65))", "COMPONENTS": "foo",
                    ])
                #expect(answer.end != .exited(0))
                for name in ["PORT", "SECRET_KEY", "MAX_CONCURRENCY", "ENVIRONMENT", "LABELS"] {
                    #expect(answer.error.contains(name), "\(name): \(answer.error)")
                }
                #expect(!answer.error.contains("too short"), "a secret is not repeated")
                #expect(answer.error.components(separatedBy: "COMPONENTS").count == 2, "one fault: \(answer.error)")
                let flags = (0...50).flatMap { ["--label", "label-\($0)"] }
                let many = try await Tool(workspace: story.stage.workspace).run(
                    [try Tool.qkron(), "serve"] + flags, environment: ["DATA_DIR": story.directory + "/data"])
                #expect(many.end == .exited(1) && many.error.contains("--label may hold at most 50 labels"), "\(many)")
            }
        }
    }
}
