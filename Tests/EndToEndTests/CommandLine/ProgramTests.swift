import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    @Suite struct ProgramTests {
        private func qkron(_ arguments: String..., input: String? = nil) async throws -> Tool.Answer {
            try await Tool(workspace: Stage.current.workspace).run([try Tool.qkron()] + arguments, input: input)
        }

        @Test func `the version is told, and is the server's`() async throws {
            let answer = try await qkron("version")
            #expect(answer.hasSucceeded)
            let health = try await Stage.current.server.send("GET", "/health").json
            #expect(answer.output.contains(try #require(health["version"].string)))
            #expect(try await qkron("version", "--json").json == ["version": health["version"]])
        }

        @Test(arguments: [
            ["--help"], ["serve", "--help"], ["migrate", "--help"], ["user", "create", "--help"],
            ["schedule", "next", "--help"], ["node", "drain", "--help"],
        ])
        func `help is given for every command`(arguments: [String]) async throws {
            let answer = try await Tool(workspace: Stage.current.workspace).run([try Tool.qkron()] + arguments)
            #expect(answer.hasSucceeded)
            #expect(answer.output.contains("OVERVIEW") && answer.output.contains("USAGE: qkron"))
        }

        @Test func `an unknown command fails with a hint`() async throws {
            let answer = try await qkron("dance")
            #expect(answer.end != .exited(0))
            #expect(answer.error.contains("Usage") || answer.error.contains("help"))
        }

        @Test func `migrate brings an empty database to the schema, once`() async throws {
            try await Story.tell("migrate") { story in
                let database = try await story.database()
                let server = QkronServer("migrate", in: story.stage.workspace, database: database)
                let first = try await server.command("migrate")
                let second = try await server.command("migrate")
                #expect(first.hasSucceeded && second.hasSucceeded, "\(first) \(second)")
                #expect(first.output != second.output)
                let third = try await server.command("migrate", "--json")
                #expect(try third.json == ["applied_migrations": []], "\(third)")
                #expect(try await database.number("SELECT count(*) FROM qkron.tasks") == 0)
            }
        }

        @Test func `a schedule's next times are printed with their offset`() async throws {
            let answer = try await qkron(
                "schedule", "next", "--cron", "30 2 * * *", "--tz", "America/New_York", "--from",
                "2026-03-07T12:00:00Z",
                "--count", "2")
            #expect(answer.hasSucceeded)
            #expect(answer.output == "2026-03-08T03:00:00-04:00\n2026-03-09T02:30:00-04:00\n")
            let interval = try await qkron(
                "schedule", "next", "--interval", "1h30m", "--from", "2026-01-01T00:00:00Z", "--count", "1")
            #expect(interval.output == "2026-01-01T01:30:00+00:00\n")
            let once = try await qkron(
                "schedule", "next", "--once", "2026-06-01T12:00:00", "--tz", "Asia/Tokyo", "--from",
                "2026-01-01T00:00:00Z")
            #expect(once.output == "2026-06-01T12:00:00+09:00\n")
        }

        @Test func `a schedule is previewed without a server, as the API would`() async throws {
            let person = try await Stage.current.server.newcomer()
            let question: JSON = [
                "schedule_type": "cron", "schedule": "30 2 * * *", "timezone": "Europe/Berlin", "count": 3,
                "from": "2026-03-27T12:00:00Z", "dst_policy": "skip", "ends_at": "2026-03-31T00:00:00Z",
            ]
            let words = [
                "schedule", "preview", "--cron", "30 2 * * *", "--tz", "Europe/Berlin", "--count", "3", "--from",
                "2026-03-27T12:00:00Z", "--dst-policy", "skip", "--ends-at", "2026-03-31T00:00:00Z",
            ]
            let tool = Tool(workspace: try Stage.current.workspace)
            let answer = try await tool.run([try Tool.qkron()] + words + ["--json"])
            let asked = try await person.call("POST", "/schedules/preview", question)
            #expect(try answer.json == asked.json && asked.status == 200, "\(answer) \(asked)")
            let page = try await tool.run([try Tool.qkron()] + words)
            let lines = page.output.split(separator: "\n").map(String.init)
            #expect(lines.first.map(JSON.string) == (try answer.json["description"]))
            let times = try answer.json["next"].items
            #expect(times.count == 2 && lines.suffix(2).map(JSON.string) == times, "\(page)")
            let next = try await qkron("schedule", "next", "--every", "5m", "--count", "2", "--json")
            #expect(try next.json["next"].items.count == 2, "\(next)")
        }

        @Test func `a rejected expression is explained on standard error`() async throws {
            let answer = try await qkron("schedule", "next", "--cron", "61 * * * *", "--count", "1")
            #expect(answer.end != .exited(0))
            #expect(answer.output.isEmpty && answer.error.contains("61") && answer.error.contains("minute"))
        }

        @Test func `all vectors are answered in a batch, and faults line by line`() async throws {
            let vectors = try Self.vectors()
            #expect(vectors.count >= 323)
            let questions = vectors.map { vector in
                JSON.object([
                    "expr": vector["expr"], "tz": vector["tz"], "start": vector["start"],
                    "count": .integer(max(vector["next"].items.count, 1)),
                ]).description
            }
            let faulty = [#"{"expr":"x","tz":"UTC","start":"2026-01-01T00:00:00Z","count":1}"#, "rubbish", "{}"]
            let answer = try await qkron(
                "schedule", "next", "--batch", input: (questions + faulty).joined(separator: "\n") + "\n")
            #expect(answer.hasSucceeded)
            let lines = try answer.output.split(separator: "\n").map { try JSON(parsing: Array($0.utf8)) }
            #expect(lines.count == vectors.count + faulty.count)
            for (vector, line) in zip(vectors, lines) {
                if vector["next"] == .null {
                    #expect(line["error"].string != nil, "\(vector)")
                } else {
                    #expect(line["next"] == vector["next"], "\(vector)")
                }
            }
            #expect(lines.suffix(3).allSatisfy { $0["error"].string != nil })
        }

        /// The worked examples that the tests of Scheduling read as well.
        private static func vectors() throws -> [JSON] {
            let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("../../SchedulingTests/Resources/vectors.jsonl").standardized
            let text = try String(contentsOf: file, encoding: .utf8)
            return try text.split(separator: "\n").map { try JSON(parsing: Array($0.utf8)) }
        }
    }
}
