import EndToEndSupport
import Foundation
import Glibc
import Testing

extension EndToEnd {
    /// A worker that was stopped for longer than its lease is late: its run was given away, and its words count no
    /// more.
    @Suite struct FencingStory {
        /// The first attempt shows every 50 ms that it lives, whatever it is asked; a later one notes its start.
        private static func command(in directory: String) -> String {
            """
            trap '' TERM
            note() { echo "$QKRON_ATTEMPT $(date +%s.%N)" >> \(directory)/signs; }
            note
            if [ $QKRON_ATTEMPT = 1 ]; then while sleep 0.05; do note; done; fi
            """
        }

        /// When an attempt was heard of, oldest first, in seconds since 1970.
        private func signs(of attempt: Int, in story: Story) -> [Double] {
            story.lines("signs").compactMap { line in
                let words = line.split(separator: " ")
                return words.count == 2 && words[0] == "\(attempt)" ? Double(words[1]) : nil
            }
        }

        private func lease(of node: String, _ database: Database) async throws -> (end: Double, heartbeat: Int) {
            let row = try await database.rows(
                "SELECT extract(epoch FROM lease_expires_at), heartbeat FROM qkron.nodes WHERE name = '\(node)'")
            return (try #require(row.first.flatMap { Double($0[0]) }), try #require(row.first.flatMap { Int($0[1]) }))
        }

        @Test func `a late worker has ended its run before another begins the retry, and records nothing`() async throws
        {
            try await Story.tell("late") { story in
                let database = try await story.database()
                let first = try await story.server("-a", database: database, settings: CrashStory.settings)
                let person = try await first.newcomer()
                let task = try await person.makeTask([
                    "retry_delay": 0, "max_retries": 1, "env": story.environment,
                    "command": .string(Self.command(in: story.directory)),
                ])
                let run = try await person.execute(task)
                try await eventually("the first attempt lives") { signs(of: 1, in: story).count > 5 }
                let second = try await story.server("-b", database: database, settings: CrashStory.settings)
                let token = try await database.rows("SELECT fencing_token FROM qkron.executions WHERE id = '\(run)'")

                let worker = try #require(await first.processID)
                kill(worker, SIGSTOP)
                try await eventually("another server completes the retry") {
                    try await database.count(task, where: "node_name = 'late-b' AND status = 'completed'") == 1
                }
                let lease = try await lease(of: "late-a", database)
                let lastSign = try #require(signs(of: 1, in: story).last)
                let retryStart = try #require(signs(of: 2, in: story).first)
                #expect(lastSign < lease.end, "the executor ends the tree while the lease still holds")
                #expect(lease.end < retryStart, "and nobody takes the run over before it has lapsed")

                kill(worker, SIGCONT)
                try await eventually("the late worker is back") {
                    try await self.lease(of: "late-a", database).heartbeat > lease.heartbeat
                }
                try await first.waitUntilReady()
                #expect(try await first.stop() == .exited(0), "it has nothing left to say")
                let rows = try await database.rows(
                    "SELECT id = '\(run)', status, reason, fencing_token FROM qkron.executions ORDER BY created_at")
                #expect(rows.count == 2)
                #expect(rows.first == ["t", "failed", "lost", token[0][0]])
                #expect(rows.last?[1] == "completed")
                #expect(story.processes().isEmpty)
                #expect(try await second.stop() == .exited(0))
            }
        }
    }
}
