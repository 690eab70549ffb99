import EndToEndSupport
import Foundation
import Testing

/// A stretch of time in which the calendar does something special, and the tasks that live through it.
struct Crossing: Sendable, CustomTestStringConvertible {
    let zone: String
    let since: Date
    let until: Date

    init(_ zone: String, since: String, until: String) {
        self.zone = zone
        self.since = Self.instant(since)
        self.until = Self.instant(until)
    }

    /// In the order of time.
    static let all = [
        Crossing("America/New_York", since: "2027-03-14T06:30:00Z", until: "2027-03-14T07:45:00Z"),
        Crossing("Europe/Berlin", since: "2027-03-28T00:30:00Z", until: "2027-03-28T01:45:00Z"),
        // Half an hour comes twice, and half an hour is skipped.
        Crossing("Australia/Lord_Howe", since: "2027-04-03T14:00:00Z", until: "2027-04-03T16:15:00Z"),
        Crossing("Australia/Lord_Howe", since: "2027-10-02T15:00:00Z", until: "2027-10-02T16:15:00Z"),
        Crossing("Europe/Berlin", since: "2027-10-31T00:00:00Z", until: "2027-10-31T02:15:00Z"),
        Crossing("America/New_York", since: "2027-11-07T05:00:00Z", until: "2027-11-07T07:45:00Z"),
        Crossing("UTC", since: "2028-02-28T23:59:00Z", until: "2028-02-29T00:02:00Z"),
        Crossing("UTC", since: "2028-02-29T23:59:00Z", until: "2028-03-01T00:02:00Z"),
    ]

    /// Fixed times and repeating ones, in the gaps, in the hours that come twice and beside them; the 29th, the last
    /// day, and the first day after it.
    static let expressions = [
        "30 2 * * *", "*/30 1-2 * * *", "30 * * * *", "0 */2 * * *", "45 1 * * *", "0 0 29 2 *", "0 0 L * *",
        "59 23 L 2 *", "0 0 1 3 *",
    ]

    var testDescription: String { "\(zone) since \(Self.text(since))" }

    static func instant(_ text: String) -> Date { ISO8601DateFormatter().date(from: text) ?? .distantPast }
    static func text(_ instant: Date) -> String { ISO8601DateFormatter().string(from: instant) }
}

extension EndToEnd {
    /// The server and its PostgreSQL live from one change of the clocks to the next. Their clock is put half a second
    /// before each slot and goes on by itself; between two crossings months pass in a moment.
    @Suite struct CalendarStory {
        private struct Plan {
            let title: String
            let task: String
            let slots: [Date]
        }

        @Test func `over changes of the clocks and a leap day exactly the slots foretold fire`() async throws {
            try await Story.tell("calendar") { story in
                let workspace = story.stage.workspace
                let dawn = Crossing.all[0].since.addingTimeInterval(-600)
                let clock = try ShiftedClock(in: workspace, at: dawn)
                let cluster = try await PrivateCluster.start(in: workspace, clock: clock)
                do {
                    try await live(story, by: clock, on: try await cluster.makeDatabase("calendar"))
                } catch {
                    try? await cluster.stop()  // What went wrong before matters more.
                    throw error
                }
                try await cluster.stop()
            }
        }

        private func live(_ story: Story, by clock: ShiftedClock, on database: Database) async throws {
            // A step of the clock ends the lease, which is renewed after a third of it.
            let server = try await story.server(
                database: database, program: try clock.program(try Tool.qkron(), in: story.stage.workspace),
                settings: ["LEASE_SECONDS": "2"])
            let person = try await server.newcomer()
            var plans: [Plan] = []
            for crossing in Crossing.all { plans += try await makeTasks(for: person, crossing) }
            let slots = Dictionary(grouping: plans.flatMap(\.slots)) { $0 }.mapValues(\.count)
            #expect(slots.values.reduce(0, +) == 86, "every crossing has its slots")
            for slot in slots.keys.sorted() {
                try clock.set(slot.addingTimeInterval(-0.5))
                // A nap may last 10 s, and does not notice that the clock was put on.
                _ = try await database.rows("SELECT pg_notify('qkron', 'due')")
                try await eventually("the tasks due at \(Crossing.text(slot)) have fired") {
                    try await database.number(
                        "SELECT count(*) FROM qkron.executions WHERE scheduled_for = '\(Crossing.text(slot))'"
                    ) >= slots[slot] ?? 0
                }
            }
            try await eventually("all runs have ended") {
                try await database.number("SELECT count(*) FROM qkron.executions WHERE ended_at IS NULL") == 0
            }
            #expect(try await server.stop() == .exited(0))
            try await expectExactly(plans, in: database)
        }

        private func expectExactly(_ plans: [Plan], in database: Database) async throws {
            for plan in plans {
                let fired = try await database.rows(
                    """
                    SELECT extract(epoch FROM scheduled_for)::bigint FROM qkron.executions
                    WHERE task_id = '\(plan.task)' ORDER BY 1
                    """)
                let instants = fired.compactMap { $0.first.flatMap(Double.init) }.map(Date.init(timeIntervalSince1970:))
                #expect(instants.map(Crossing.text) == plan.slots.map(Crossing.text), "\(plan.title)")
            }
            let strays = try await database.rows(
                """
                SELECT scheduled_for, created_at, started_at, status, trigger FROM qkron.executions
                WHERE status <> 'completed' OR trigger <> 'schedule' OR started_at < scheduled_for
                    OR NOT created_at BETWEEN scheduled_for AND scheduled_for + interval '10 seconds'
                """)
            #expect(strays == [], "each was taken up when it was due, and completed")
            #expect(try await database.number("SELECT count(*) FROM qkron.tasks WHERE next_run IS NOT NULL") == 0)
        }

        /// A task for each schedule that has slots in the crossing, and none outside it.
        private func makeTasks(for person: Person, _ crossing: Crossing) async throws -> [Plan] {
            var plans: [Plan] = []
            let foretold = try await foretold(crossing, by: person.server)
            for (expression, slots) in zip(Crossing.expressions, foretold) where !slots.isEmpty {
                plans.append(try await makeTask(for: person, "cron", expression, slots, crossing))
            }
            let grid = stride(from: crossing.since, to: crossing.until, by: 1_800)
            plans.append(try await makeTask(for: person, "interval", "30m", Array(grid), crossing))
            return plans
        }

        private func makeTask(
            for person: Person, _ type: String, _ schedule: String, _ slots: [Date], _ crossing: Crossing
        ) async throws -> Plan {
            let task = try await person.makeTask([
                "schedule_type": .string(type), "schedule": .string(schedule), "timezone": .string(crossing.zone),
                "starts_at": .string(Crossing.text(crossing.since)), "ends_at": .string(Crossing.text(crossing.until)),
                "overlap_policy": "queue",
            ])
            return Plan(title: "\(schedule) in \(crossing.testDescription)", task: task, slots: slots)
        }

        /// What `qkron schedule next --batch` says of each expression.
        private func foretold(_ crossing: Crossing, by server: QkronServer) async throws -> [[Date]] {
            let questions = try Crossing.expressions.map { expression in
                let question: JSON = [
                    "expr": .string(expression), "tz": .string(crossing.zone), "count": 20,
                    "start": .string(Crossing.text(crossing.since.addingTimeInterval(-1))),
                ]
                return String(decoding: try question.bytes, as: UTF8.self)
            }
            let answer = try await server.command(
                "schedule", "next", "--batch", input: questions.joined(separator: "\n") + "\n")
            #expect(answer.hasSucceeded)
            return try answer.output.split(separator: "\n").map { line in
                try JSON(parsing: Array(line.utf8))["next"].items.compactMap(\.string).map(Crossing.instant)
                    .filter { $0 < crossing.until }
            }
        }
    }
}
