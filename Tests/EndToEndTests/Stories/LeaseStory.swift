import EndToEndSupport
import Foundation
import Glibc
import Testing

extension EndToEnd {
    /// Two servers on one database: what one does not finish the other takes over, and never too early.
    @Suite struct LeaseStory {
        /// A task whose first attempts outlast a lease.
        private func makeTask(for person: Person, in story: Story) async throws -> String {
            try await person.makeTask([
                "schedule_type": "interval", "schedule": "1s", "overlap_policy": "skip", "retry_delay": 1,
                "max_retries": 10, "env": story.environment,
                "command": .string(
                    CrashStory.command(in: story.directory, seconds: "$((QKRON_ATTEMPT == 1 ? 8 : 1))")),
            ])
        }

        private func isInTheMiddle(_ story: Story, on node: String, _ database: Database) async throws -> Bool {
            let running = try await database.number(
                "SELECT count(*) FROM qkron.executions WHERE status = 'running' AND node_name = '\(node)'")
            return running == 1 && story.lines("started").count > story.lines("ended").count
        }

        @Test func `a hung server loses its run to another, and its late words change nothing`() async throws {
            try await Story.tell("hung") { story in
                let database = try await story.database()
                let first = try await story.server("-a", database: database, settings: CrashStory.settings)
                let person = try await first.newcomer()
                let task = try await makeTask(for: person, in: story)
                try await eventually("the first server runs it") {
                    try await isInTheMiddle(story, on: "hung-a", database)
                }
                let second = try await story.server("-b", database: database, settings: CrashStory.settings)
                let hung = try #require(await first.processID)
                #expect(try await isInTheMiddle(story, on: "hung-a", database))
                kill(hung, SIGSTOP)
                try await eventually("the run is lost, and completes elsewhere") {
                    try await database.count(task, where: "node_name = 'hung-b' AND status = 'completed'") >= 1
                }
                let lost = try await database.count(task, where: "reason = 'lost' AND node_name = 'hung-a'")
                #expect(lost == 1)
                kill(hung, SIGCONT)
                try await first.waitUntilReady()
                _ = try await person.call("POST", "/tasks/\(task)/pause")
                try await eventually("all runs have ended") {
                    try await database.count(task, where: "ended_at IS NULL") == 0
                }
                try await CrashStory.expectOrder(story, database, task)
                #expect(try await first.stop() == .exited(0))
                #expect(try await second.stop() == .exited(0))
            }
        }

        @Test func `two servers that are killed in turn share ten tasks, and every slot runs to its end once`()
            async throws
        {
            try await Story.tell("turns") { story in
                let database = try await story.database()
                let settings = CrashStory.settings
                let servers = [
                    try await story.server("-a", database: database, settings: settings),
                    try await story.server("-b", database: database, settings: settings),
                ]
                let person = try await servers[0].newcomer()
                let ledger = "\(story.directory)/ledger"
                for number in 1...10 {
                    _ = try await person.makeTask([
                        "name": "task \(number)", "schedule_type": "interval", "schedule": "1s",
                        "overlap_policy": "queue", "retry_delay": 0, "max_retries": 10, "env": story.environment,
                        "command": .string("sleep 0.1; " + Ledger.command(ledger)),
                    ])
                }
                for round in 1...4 {
                    let server = servers[round % 2]
                    try await eventually("runs complete in round \(round)") {
                        try await database.number(
                            "SELECT count(*) FROM qkron.executions WHERE status = 'completed'") >= round * 20
                    }
                    try await server.kill()
                    try await server.start()
                }
                let survivor = Person(
                    server: servers[1], id: person.id, username: person.username, password: person.password,
                    token: person.token)
                for task in try await survivor.get("/tasks?limit=100").items {
                    _ = try await survivor.call("POST", "/tasks/\(task["id"].string ?? "")/pause")
                }
                try await eventually("all runs have ended") {
                    try await database.number("SELECT count(*) FROM qkron.executions WHERE ended_at IS NULL") == 0
                }
                let gaps = try await database.number(
                    """
                    SELECT count(*) FROM (
                        SELECT scheduled_for - lag(scheduled_for) OVER (PARTITION BY task_id ORDER BY scheduled_for) AS gap
                        FROM qkron.executions WHERE trigger = 'schedule') AS gaps WHERE gap <> interval '1 second'
                    """)
                #expect(gaps == 0)
                let unfinished = try await database.number(
                    """
                    SELECT count(*) FROM (
                        SELECT FROM qkron.executions GROUP BY task_id, scheduled_for
                        HAVING count(*) FILTER (WHERE status = 'completed') <> 1) AS slots
                    """)
                #expect(unfinished == 0, "each slot was completed once, at once or by the retry of a lost run")
                let noted = Ledger(story.lines("ledger"))
                let slots = try await database.number(
                    "SELECT count(*) FROM (SELECT DISTINCT task_id, scheduled_for FROM qkron.executions) AS slots")
                let lost = try await database.number("SELECT count(*) FROM qkron.executions WHERE reason = 'lost'")
                #expect(noted.doubled.isEmpty)
                #expect(Set(noted.lines.map { "\($0.task) \($0.slot)" }).count == slots)
                // A command may be killed between its last word and the record of its end: then it is lost, and
                // retried.
                #expect(noted.lines.count <= slots + lost)
            }
        }
    }
}
