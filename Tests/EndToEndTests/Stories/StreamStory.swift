import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    /// Somebody watches what commands write.
    @Suite struct StreamStory {
        @Test func `a server shows what another one runs as it is written, until it stops`() async throws {
            try await Story.tell("watchedhalves") { story in
                let database = try await story.database()
                let api = try await story.server("-api", database: database, settings: ["COMPONENTS": "api"])
                let engine = try await story.server("-engine", database: database, settings: ["COMPONENTS": "engine"])
                let person = try await api.newcomer()
                // Each line waits for its gate, which is made once the line before it was shown.
                let task = try await person.makeTask([
                    "command": .string(
                        "for i in 1 2 3 4 5 6; do until test -e \(story.directory)/gate-$i; do sleep 0.05; done; "
                            + "echo line $i; done; sleep 600"),
                    "timeout": 900, "env": story.environment,
                ])
                let id = try await person.execute(task)
                let connection = try await person.watch(id, of: task)
                var received = ""
                for number in 1...6 {
                    try story.make("gate-\(number)")
                    received = try await connection.text(until: "line \(number)", after: received)
                    try #require(received.contains("line \(number)"), "\(received)")
                }
                async let stopped = api.stop()
                received = try await connection.text(after: received)
                #expect(received.hasSuffix("\r\n0\r\n\r\n"))
                #expect(try await stopped == .exited(0))
                #expect(
                    try await database.rows("SELECT status FROM qkron.executions WHERE id = '\(id)'") == [["running"]],
                    "the stream has not waited for the end of the run")
                try await engine.kill()
            }
        }

        @Test func `whoever comes back after a replacement of the server goes on where they were`() async throws {
            try await Story.tell("watchedhandover") { story in
                let server = try await story.server(database: try await story.database())
                let person = try await server.newcomer()
                let task = try await person.makeTask([
                    "command": "for i in $(seq 1 80); do echo line $i; sleep 0.1; done", "env": story.environment,
                ])
                let id = try await person.execute(task)
                var events: [StreamEvent] = []
                var connections = 0
                while events.last?.name != "end" {
                    connections += 1
                    let connection = try await person.watch(id, of: task, after: events.last?.id)
                    var text = try await connection.text(until: "line ")
                    if connections == 1 { await server.reload() }
                    text = try await connection.text(after: text)
                    events += StreamEvent.all(in: text)
                    try #require(connections < 20)
                }
                #expect(connections > 1)
                let shown = events.filter { $0.name == "stdout" }.compactMap { $0.data["text"].string }.joined()
                #expect(shown == (1...80).map { "line \($0)\n" }.joined())
                #expect(!events.contains { $0.name == "truncated" })
                #expect(try await person.execution(id, of: task)["stdout"].string == shown)
                #expect(try await server.stop() == .exited(0))
            }
        }

        @Test func `a command that writes faster than anybody reads is not slowed, and the gap is told`() async throws {
            let person = try await Stage.current.server.newcomer()
            let task = try await person.makeTask(["command": "sleep 1; yes | head -c 300000000; sleep 1; echo end"])
            let id = try await person.execute(task)
            let text = try await person.watch(id, of: task).text()
            let run = try await person.execution(id, of: task)
            #expect(run["status"] == "completed")
            let events = StreamEvent.all(in: text)
            let shown = events.filter { $0.name == "stdout" }.compactMap { $0.data["text"].string }
            let cut = events.filter { $0.name == "truncated" }.compactMap { $0.data["bytes"].integer }
            #expect(!cut.isEmpty)
            let total = shown.reduce(cut.reduce(0, +)) { $0 + $1.utf8.count }
            #expect(total == 300_000_004)
            #expect(shown.last?.hasSuffix("end\n") == true)
        }

        @Test func `whoever watches a run is told of its end when its task is deleted`() async throws {
            let person = try await Stage.current.server.newcomer()
            let task = try await person.makeTask(["command": "echo begun; sleep 600", "timeout": 900])
            let connection = try await person.watch(try await person.execute(task), of: task)
            let received = try await connection.text(until: "begun")
            #expect(try await person.call("DELETE", "/tasks/\(task)").status == 204)
            let events = StreamEvent.all(in: try await connection.text(after: received))
            let end = try #require(events.last { $0.name == "end" })
            #expect(end.data["status"] == "cancelled" && end.data["reason"] == "task_cancelled")
            #expect(end.data["return_code"] == .null)
        }
    }
}
