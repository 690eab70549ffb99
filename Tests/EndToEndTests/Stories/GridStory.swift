import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    @Suite struct GridStory {
        @Test func `a 1-second interval hits its grid for 10 seconds, with no slot lost or doubled`() async throws {
            try await Story.tell("grid") { story in
                let database = try await story.database()
                let server = try await story.server(database: database)
                let person = try await server.newcomer()
                let ledger = "\(story.directory)/ledger"
                let task = try await person.makeTask([
                    "schedule_type": "interval", "schedule": "1s", "overlap_policy": "queue",
                    "command": .string(Ledger.command(ledger)),
                ])
                let created = try await database.rows("SELECT anchor FROM qkron.tasks WHERE id = '\(task)'")[0][0]
                try await eventually(within: .seconds(40), "ten slots have run") {
                    try await database.count(task, where: "status = 'completed'") >= 10
                }
                _ = try await person.call("POST", "/tasks/\(task)/pause")
                try await eventually("the last run has ended") {
                    try await database.count(task, where: "ended_at IS NULL") == 0
                }

                let slots = try await database.number(
                    """
                    SELECT count(*) FROM qkron.executions WHERE task_id = '\(task)' AND status = 'completed'
                    AND mod(extract(epoch FROM scheduled_for - '\(created)'), 1) = 0
                    """)
                #expect(try await database.count(task) == slots, "every slot completed, on the grid of its anchor")
                #expect(try await database.lostSlots(of: task) == 0)
                #expect(try await database.doubledSlots(of: task) == 0)
                let first = try await database.number(
                    """
                    SELECT round(extract(epoch FROM min(scheduled_for) - '\(created)'))::int FROM qkron.executions
                    WHERE task_id = '\(task)'
                    """)
                #expect(first == 1, "the first slot comes one interval after the anchor")
                let early = try await database.count(task, where: "started_at < scheduled_for")
                #expect(early == 0)
                let noted = Ledger(story.lines("ledger"))
                #expect(noted.lines.count == slots && noted.doubled.isEmpty)
                #expect(Set(noted.lines.map(\.slot)).count == slots)
            }
        }

        @Test func `two servers share fifty 1-second tasks, and every slot runs once`() async throws {
            try await Story.tell("share") { story in
                let database = try await story.database()
                let first = try await story.server("-a", database: database)
                let second = try await story.server("-b", database: database)
                let person = try await first.newcomer()
                let ledger = "\(story.directory)/ledger"
                for number in 1...50 {
                    _ = try await person.makeTask([
                        "name": "shared \(number)", "schedule_type": "interval", "schedule": "1s",
                        "overlap_policy": "allow", "command": .string(Ledger.command(ledger)),
                    ])
                }
                try await eventually(within: .seconds(60), "every task has run six times") {
                    try await database.number(
                        """
                        SELECT count(*) FROM (
                            SELECT FROM qkron.executions WHERE status = 'completed' GROUP BY task_id
                            HAVING count(*) >= 6) AS busy
                        """) == 50
                }
                #expect(try await first.stop() == .exited(0))
                #expect(try await second.stop() == .exited(0))

                let all = try await database.number("SELECT count(*) FROM qkron.executions")
                let ended = try await database.number(
                    "SELECT count(*) FROM qkron.executions WHERE status = 'completed' AND attempt_number = 1")
                let pending = try await database.number(
                    "SELECT count(*) FROM qkron.executions WHERE status = 'pending'")
                #expect(ended + pending == all, "what was not begun at the stop waits; all else completed at once")
                let lost = try await database.number(
                    """
                    SELECT count(*) FROM (
                        SELECT scheduled_for - lag(scheduled_for) OVER (PARTITION BY task_id ORDER BY scheduled_for) AS gap
                        FROM qkron.executions) AS gaps WHERE gap <> interval '1 second'
                    """)
                #expect(lost == 0)
                let nodes = try await database.rows(
                    "SELECT node_name, count(*) FROM qkron.executions WHERE node_name IS NOT NULL GROUP BY 1 ORDER BY 1"
                )
                #expect(nodes.map { $0[0] } == ["share-a", "share-b"], "both take part: \(nodes)")
                let noted = Ledger(story.lines("ledger"))
                #expect(noted.lines.count == ended && noted.doubled.isEmpty)
                #expect(Set(noted.lines.map { "\($0.task) \($0.slot)" }).count == ended)
            }
        }
    }
}
