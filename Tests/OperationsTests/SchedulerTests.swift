import Domain
import Foundation
import Postgres
import Scheduling
import Storage
import TestSupport
import Testing

@testable import Operations

@Suite struct SchedulerTests {
    @Test func `superusers pause and resume all firing; each change is in the audit log once`() async throws {
        let operations = try await TestOperations()
        let root = Caller(.user(operations.root), address: "192.0.2.7", requestID: "r-1")
        for person in [operations.alice, operations.bob] {
            await expectRefused(.roleRequired) { try await operations.scheduler.pause(as: Caller(person)) }
            await expectRefused(.roleRequired) { try await operations.scheduler.resume(as: Caller(person)) }
        }
        await expectRefused(.notAuthenticated) {
            try await operations.scheduler.pause(seenBy: Caller(.anonymous)) as Any
        }
        try await operations.scheduler.resume(as: root)
        let pause = try #require(try await operations.scheduler.pause(as: root))
        #expect(try await operations.scheduler.pause(as: root) == pause, "repeating is harmless")
        #expect(try await operations.scheduler.pause(seenBy: Caller(operations.alice)) == pause)
        #expect(pause.pausedBy == "root")
        try await operations.scheduler.resume(as: root)
        try await operations.scheduler.resume(as: root)
        #expect(try await operations.scheduler.pause(seenBy: Caller(operations.alice)) == nil)
        let entries = try await operations.database.pool.query(
            "SELECT action || ' ' || resource_type || ' ' || actor_name || ' ' || ip || ' ' || changes::text AS value FROM qkron.audit ORDER BY at"
        ).map { try $0.decode("value", as: String.self) }
        #expect(
            entries == [
                #"scheduler.pause scheduler root 192.0.2.7 {"paused": {"to": true, "from": false}}"#,
                #"scheduler.resume scheduler root 192.0.2.7 {"paused": {"to": false, "from": true}}"#,
            ])
    }

    @Test func `the policy at changes of the clock moves the next run, and is remembered`() async throws {
        let operations = try await TestOperations()
        let task = try await operations.make {
            $0.schedule = .value("30 2 28 3 *")
            $0.timezone = .value("Europe/Berlin")
            $0.startsAt = .value(ISO8601.parse("2027-01-01T00:00:00"))
            $0.jitter = .value(90)
        }
        #expect(task.timing.dstPolicy == .standard && task.jitter == 90)
        #expect(task.nextRun.map { ISO8601.format($0) } == "2027-03-28T01:00:00Z")
        let changed = try await operations.change(task) { $0.dstPolicy = .value(.skip) }
        #expect(changed.timing.dstPolicy == .skip && changed.jitter == 90)
        #expect(changed.nextRun.map { ISO8601.format($0) } == "2028-03-28T00:30:00Z")
        let same = try await operations.change(task) {
            $0.dstPolicy = .value(.skip)
            $0.jitter = .value(5)
        }
        #expect(same.jitter == 5 && same.nextRun == changed.nextRun)
        let policies = try await operations.database.pool.query(
            "SELECT dst_policy AS value FROM qkron.task_schedules WHERE task_id = \(task.id.uuid) ORDER BY id"
        ).map { try $0.decode("value", as: String.self) }
        #expect(policies == ["standard", "skip"])
        #expect(
            await faults {
                try await operations.make {
                    $0.schedule = .value("30 2 * 3 0L")
                    $0.timezone = .value("Europe/Berlin")
                    $0.startsAt = .value(ISO8601.parse("2027-01-01T00:00:00"))
                    $0.endsAt = .value(ISO8601.parse("2095-01-01T00:00:00"))
                    $0.dstPolicy = .value(.skip)
                }
            } == ["schedule: value_error"], "it is due in gaps alone")
    }

    @Test func `a slot whose execution is pruned while somebody asks counts as pruned`() async throws {
        let operations = try await TestOperations()
        let database = operations.database
        let now = try await database.second()
        let start = now.addingTimeInterval(-3_600)
        let task = try await database.addTask(owner: operations.alice) {
            $0.timing.anchor = start
            $0.timing.text = "40m"
            $0.nextRun = now.addingTimeInterval(1_200)
        }
        try await database.pool.execute(
            "UPDATE qkron.task_schedules SET valid_from = \(start) WHERE task_id = \(task.id.uuid)")
        let slot = start.addingTimeInterval(2_400)
        _ = try await database.addRun(of: task, slot: slot)
        let (locks, isLocked) = AsyncStream<Void>.makeStream()
        async let pruning: Void = database.pool.withTransaction { session in
            try await session.execute("LOCK TABLE qkron.executions IN ACCESS EXCLUSIVE MODE")
            isLocked.finish()
            try await eventually("the executions are asked for") {
                try await database.pool.value(
                    "SELECT count(*) > 0 AS value FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
                )
            }
            try await session.execute("DELETE FROM qkron.executions WHERE task_id = \(task.id.uuid)")
            try await session.execute(
                "UPDATE qkron.tasks SET pruned_before = \(slot) WHERE id = \(task.id.uuid)")
        }
        for await _ in locks {}
        let page = try await operations.slots.list(
            SlotQuestion(task: task.id), .page(number: 1, size: 9), as: Caller(operations.alice))
        try await pruning
        #expect(page.rows.map(\.scheduledFor) == [slot] && page.rows.map(\.reason) == [.recordExpired])
    }

    @Test func `slots tell why they did not run, of one's own tasks and within bounds`() async throws {
        let operations = try await TestOperations()
        let database = operations.database
        let now = try await database.second()
        let start = now.addingTimeInterval(-3_600)
        let task = try await database.addTask(owner: operations.alice) {
            $0.timing.anchor = start
            $0.timing.text = "10m"
            $0.nextRun = now.addingTimeInterval(600)
        }
        try await database.pool.execute(
            "UPDATE qkron.task_schedules SET valid_from = \(start) WHERE task_id = \(task.id.uuid)")
        func slot(_ minute: Double) -> Date { start.addingTimeInterval(minute * 60) }
        _ = try await database.addNode()
        let skipped = NewExecution(
            task: task.id, trigger: .schedule, scheduledFor: slot(10), status: .skipped, reason: .overlap, priority: 5)
        try await database.store.insert([skipped])
        let lost = try await database.addRun(of: task, slot: slot(20))
        let again = try await database.addRun(of: task, slot: slot(20), trigger: .manual)
        try await database.pool.execute("UPDATE qkron.executions SET retry_of = \(lost.uuid) WHERE id = \(again.uuid)")
        _ = try await database.addRun(of: task, slot: slot(25), trigger: .manual)
        try await database.pool.execute(
            "INSERT INTO qkron.scheduler_pauses (paused_at, resumed_at) VALUES (\(slot(25)), \(slot(35)))")
        try await database.pool.execute("UPDATE qkron.tasks SET pruned_before = \(slot(15)) WHERE id = \(task.id.uuid)")
        func ask(_ change: (inout SlotQuestion) -> Void = { _ in }, as person: User? = nil) async throws -> [String] {
            var question = SlotQuestion(task: task.id)
            question.since = start
            question.until = slot(60)
            change(&question)
            let page = try await operations.slots.list(
                question, .page(number: 1, size: 100), as: Caller(person ?? operations.alice))
            #expect(page.total == page.rows.count)
            return page.rows.map { row in
                let minute = Int(row.scheduledFor.timeIntervalSince(start) / 60)
                return ["\(minute)", row.verdict.rawValue, row.reason?.rawValue ?? "-"].joined(separator: " ")
            }
        }
        let all = [
            "10 skipped overlap", "20 ran concurrency", "30 skipped paused", "40 missed server_down",
            "50 missed server_down",
        ]
        try await database.pool.execute(
            "UPDATE qkron.executions SET not_before = not_before - interval '1 minute', status = 'completed', ended_at = now() WHERE id = \(lost.uuid)"
        )
        try await database.pool.execute(
            "UPDATE qkron.executions SET not_before = not_before - interval '1 minute' WHERE id = \(again.uuid)")
        #expect(try await ask() == all)
        #expect(try await ask(as: operations.root) == all)
        #expect(try await ask { $0.verdicts = [.missed] } == Array(all.suffix(2)))
        #expect(try await ask { $0.since = slot(20) } == Array(all.dropFirst()))
        #expect(try await ask { $0.until = slot(20) } == Array(all.prefix(1)))
        var question = SlotQuestion(task: task.id)
        question.until = slot(60)
        let second = try await operations.slots.list(question, .page(number: 2, size: 2), as: Caller(operations.alice))
        #expect(second.total == 5 && second.rows.map(\.scheduledFor) == [slot(30), slot(40)])
        let last = try await operations.slots.list(
            SlotQuestion(task: task.id), .page(number: 1, size: 9), as: Caller(operations.alice))
        #expect(last.rows.first?.executionID == skipped.id && last.rows[1].executionID == again)
        await expectRefused(.notOwner) { try await ask(as: operations.bob) }
        #expect(await faults { try await ask { $0.since = $0.until } } == ["since: out_of_range"])
        #expect(await faults { try await ask { $0.since = now + 9 } } == ["since: out_of_range"])
        #expect(await faults { try await ask { $0.since = now - 367 * 86_400 } } == ["since: out_of_range"])
        question.task = Identifier()
        await expectRefused(.notFound) { [question] in
            try await operations.slots.list(question, .page(number: 1, size: 9), as: Caller(operations.alice))
        }
    }
}
