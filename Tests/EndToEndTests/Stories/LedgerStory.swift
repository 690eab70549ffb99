import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    @Suite struct LedgerStory {
        @Test func `every slot has one verdict, through pauses, a restart and a time without a scheduler`() async throws
        {
            try await Story.tell("ledger") { story in
                let database = try await story.database()
                let server = try await story.server(database: database)
                let person = try await server.newcomer()
                let task = try await person.makeTask([
                    "schedule_type": "interval", "schedule": "1s", "misfire_grace": 1, "overlap_policy": "queue",
                ])
                let since = try await person.get("/tasks/\(task)")["created_at"].string ?? ""
                try await ran(2, task, database)

                // All firing is paused, over a restart; a run by hand goes on.
                let root = try await server.superuser()
                let pause = try await root.call("POST", "/scheduler/pause")
                #expect(try pause.json["paused"] == true && pause.json["paused_by"] == .string(root.username))
                let fired = try await database.count(task, where: "trigger = 'schedule'")
                try await server.stop()
                try await server.start()
                #expect(try await root.get("/scheduler") == (try pause.json))
                let byHand = try await person.execute(task)
                try await person.execution(byHand, of: task, is: "completed")
                try await passed(3, since: try pause.json["paused_at"].string ?? "", database)
                #expect(try await database.count(task, where: "trigger = 'schedule'") == fired)
                #expect(try await person.get("/tasks/\(task)")["is_active"] == true)
                #expect(try await root.call("POST", "/scheduler/resume").json["paused"] == false)
                try await ran(fired + 2, task, database)

                // The task alone is paused.
                #expect(try await person.call("POST", "/tasks/\(task)/pause").verdict == "200")
                let now = try await database.rows("SELECT now()")[0][0]
                try await passed(3, since: now, database)
                #expect(try await person.call("POST", "/tasks/\(task)/resume").verdict == "200")
                let resumed = try await database.count(task, where: "trigger = 'schedule'")
                try await ran(resumed + 1, task, database)

                // Nobody fires; a server without the engine answers.
                try await server.stop()
                let reader = try await story.server("-api", database: database, settings: ["COMPONENTS": "api"])
                let visitor = Person(
                    server: reader, id: person.id, username: person.username, password: person.password,
                    token: person.token)
                let slots = try await eventually("slots read as missed") {
                    let slots = try await visitor.get("/tasks/\(task)/slots?limit=1000&since=\(since)").items
                    return slots.count { $0["reason"] == "server_down" } >= 3 ? slots : nil
                }
                try await check(slots, task, database)
            }
        }

        private func ran(_ count: Int, _ task: String, _ database: Database) async throws {
            try await eventually("\(count) slots have run") {
                try await database.count(task, where: "trigger = 'schedule' AND status = 'completed'") >= count
            }
        }

        private func passed(_ seconds: Int, since: String, _ database: Database) async throws {
            try await eventually("\(seconds) seconds have passed") {
                try await database.number("SELECT extract(epoch FROM now() - '\(since)'::timestamptz)::int") > seconds
            }
        }

        /// One row a second without a gap; with its execution exactly where there is one.
        private func check(_ slots: [JSON], _ task: String, _ database: Database) async throws {
            let words = slots.map { ($0["verdict"].string ?? "") + " " + ($0["reason"].string ?? "") }
            var phases: [String] = []
            for word in words where phases.last != word { phases.append(word) }
            // The slot just before a pause or a change may not have been taken up any more, nor the latest one yet.
            #expect(
                phases.filter { $0 != "missed late" } == [
                    "ran ", "skipped paused", "ran ", "skipped paused", "ran ", "missed server_down",
                ], "\(words)")
            let times = try await database.rows(
                "SELECT extract(epoch FROM t) FROM unnest(ARRAY[\(slots.map { "'\($0["scheduled_for"].string ?? "")'" }.joined(separator: ","))]::timestamptz[]) WITH ORDINALITY AS s (t, n) ORDER BY n"
            ).map { Double($0[0]) ?? 0 }
            for (earlier, later) in zip(times, times.dropFirst()) { #expect(abs(later - earlier - 1) < 0.001) }
            for slot in slots { #expect((slot["execution_id"] == .null) == (slot["verdict"] != "ran")) }
            #expect(
                try await database.count(task, where: "trigger = 'schedule'")
                    == slots.count { $0["execution_id"] != .null })
        }
    }
}
