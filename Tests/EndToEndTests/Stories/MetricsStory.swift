import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    @Suite struct MetricsStory {
        @Test func `each server tells what it runs itself, and all the same of what waits`() async throws {
            try await Story.tell("metrics") { story in
                let database = try await story.database()
                let settings = ["MAX_CONCURRENCY": "2"]
                let first = try await story.server("a", database: database, settings: settings)
                let person = try await first.newcomer()
                let task = try await person.makeTask([
                    "overlap_policy": "allow", "env": story.environment,
                    "command": .string("until test -e \(story.directory)/go; do sleep 0.05; done"),
                ])
                for _ in 1...2 { _ = try await person.execute(task) }
                try await eventually("the first server is full") {
                    try await database.count(task, where: "status = 'running'") == 2
                }
                let second = try await story.server("b", database: database, settings: settings)
                for _ in 1...3 { _ = try await person.execute(task) }
                try await eventually("the second is full as well") {
                    try await database.count(task, where: "status = 'running'") == 4
                }
                for server in [first, second] {
                    try await eventually("it tells of its own runs, and of the one that waits") {
                        let text = try await server.send("GET", "/metrics").text
                        return text.contains("\nqkron_executions_running 2\n")
                            && text.contains("\nqkron_executions_pending 1\n")
                    }
                }
                try story.make("go")
                try await eventually("all have ended") {
                    try await database.count(task, where: "status = 'completed'") == 5
                }
            }
        }

        @Test func `a Prometheus that sends nothing but a bearer reads protected metrics with a key`() async throws {
            try await Story.tell("bearer") { story in
                let server = try await story.server(
                    database: try await story.database(), settings: ["METRICS_REQUIRE_AUTH": "true"])
                let person = try await server.newcomer()
                func key(_ scope: JSON) async throws -> String {
                    let made = try await person.call("POST", "/api-keys", ["name": "prometheus", "scopes": [scope]])
                    return try #require(try made.json["key"].string)
                }
                let (key, other) = (try await key("metrics"), try await key("tasks:read"))
                for (bearer, path, verdict) in [
                    (key, "/metrics", "200"), (other, "/metrics", "403 scope_required"),
                    (key + "x", "/metrics", "401 invalid_api_key"), (other, "/api/v1/tasks", "401 invalid_token"),
                ] {
                    let answer = try await server.send("GET", path, headers: [("Authorization", "Bearer \(bearer)")])
                    #expect(answer.verdict == verdict, "\(path) \(answer)")
                }
                #expect(try await server.stop() == .exited(0))
            }
        }

        @Test func `runs that never start are counted by their end as well`() async throws {
            try await Story.tell("ends") { story in
                let server = try await story.server(database: try await story.database())
                let person = try await server.newcomer()
                let task = try await person.makeTask([
                    "overlap_policy": "skip", "env": story.environment, "schedule_type": "interval", "schedule": "1s",
                    "command": .string("until test -e \(story.directory)/go; do sleep 0.05; done"),
                ])
                try await eventually("a slot is skipped and counted") {
                    try await server.send("GET", "/metrics").text.contains(
                        #"qkron_executions_total{kind="command",status="skipped"} "#)
                }
                _ = try await person.call("POST", "/tasks/\(task)/pause")
                let waiting = try await person.execute(task)
                _ = try await person.call("POST", "/tasks/\(task)/executions/\(waiting)/cancel")
                try await person.execution(waiting, of: task, is: "cancelled")
                try await eventually("the one that was cancelled is counted") {
                    try await server.send("GET", "/metrics").text.contains(
                        #"qkron_executions_total{kind="command",status="cancelled"} 1"#)
                }
                try story.make("go")
            }
        }
    }
}
