import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    @Suite struct RetentionStory {
        @Test func `a server that keeps less prunes what is too much, tells of it, and goes on`() async throws {
            try await Story.tell("retention") { story in
                let database = try await story.database()
                let first = try await story.server("-a", database: database)
                let person = try await first.newcomer()
                let task = try await person.makeTask(["command": "echo $QKRON_EXECUTION_ID"])
                var runs: [String] = []
                for _ in 1...5 {
                    runs.append(try await person.execute(task))
                    try await person.execution(runs[runs.count - 1], of: task, is: "completed")
                }
                _ = try await database.rows(
                    """
                    UPDATE qkron.executions SET ended_at = now() - interval '31 days',
                        created_at = created_at - interval '31 days' WHERE id = '\(runs[3])'
                    """)
                try await first.stop()

                let second = try await story.server(
                    "-b", database: database,
                    settings: ["EXECUTION_RETENTION_PER_TASK": "3", "EXECUTION_RETENTION_DAYS": "0"])
                let reader = Person(
                    server: second, id: person.id, username: person.username, password: "", token: person.token)
                try await eventually("the newest three are left") {
                    let left = try await reader.executions(of: task).map { $0["id"].string }
                    return Set(left) == [runs[1], runs[2], runs[4]]
                }
                let metrics = try await second.send("GET", "/metrics").text
                #expect(metrics.contains("\nqkron_pruned_total{table=\"executions\"} 2\n"), "\(metrics)")
                #expect(metrics.contains("\nqkron_pruning_failures_total 0\n"))
                let pruned = try await reader.call("GET", "/tasks/\(task)/executions/\(runs[0])")
                #expect(pruned.verdict == "404 not_found", "\(pruned.verdict)")
                let latest = try await reader.execution(runs[4], of: task)
                #expect(latest["stdout"].string == runs[4] + "\n")
            }
        }
    }
}
