import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    @Suite struct MisfireStory {
        @Test func `slots missed while no server was up follow the misfire policy`() async throws {
            try await Story.tell("misfire") { story in
                let database = try await story.database()
                let server = try await story.server(database: database)
                let person = try await server.newcomer()
                var tasks: [String: String] = [:]
                for policy in ["skip", "fire_once", "fire_all"] {
                    tasks[policy] = try await person.makeTask([
                        "schedule_type": "interval", "schedule": "1s", "misfire_policy": .string(policy),
                        "misfire_grace": 1, "overlap_policy": "skip",
                    ])
                }
                for task in tasks.values {
                    try await eventually("a first slot has run") {
                        try await database.count(task, where: "status = 'completed'") > 0
                    }
                }
                #expect(try await server.stop() == .exited(0))
                let stopped = try await database.rows("SELECT max(scheduled_for) FROM qkron.executions")[0][0]
                try await eventually("eight slots have passed") {
                    try await database.number("SELECT extract(epoch FROM now() - '\(stopped)')::int") >= 8
                }
                let restarted = try await database.rows("SELECT now() - interval '1.5 seconds'")[0][0]
                try await server.start()
                for task in tasks.values {
                    try await eventually("the task goes on") {
                        try await database.count(
                            task,
                            where:
                                "status = 'completed' AND scheduled_for > '\(restarted)'::timestamptz + interval '3 seconds'"
                        ) > 0
                    }
                }
                try await server.stop()

                let missed =
                    "trigger = 'schedule' AND scheduled_for > '\(stopped)'::timestamptz + interval '1 second'"
                    + " AND scheduled_for < '\(restarted)'"
                for (policy, task) in tasks {
                    #expect(try await database.lostSlots(of: task) == 0, "\(policy)")
                    #expect(try await database.doubledSlots(of: task) == 0, "\(policy)")
                    let all = try await database.count(task, where: missed)
                    let skipped = try await database.count(
                        task, where: "\(missed) AND status = 'skipped' AND reason = 'misfire'")
                    let ran = try await database.count(task, where: "\(missed) AND status = 'completed'")
                    #expect(all >= 4, "\(policy)")
                    switch policy {
                    case "skip": #expect(skipped == all && ran == 0)
                    case "fire_all": #expect(skipped == 0 && ran == all)
                    default:
                        // The newest missed slot runs; it may lie behind the window that is looked at here.
                        #expect(skipped >= all - 1 && ran == all - skipped)
                        let late = try await database.count(
                            task,
                            where:
                                "status = 'completed' AND scheduled_for > '\(stopped)' AND created_at > scheduled_for + interval '1 second'"
                        )
                        #expect(late == 1)
                    }
                }
            }
        }
    }
}
