import Domain
import Foundation
import Postgres
import Scheduling
import Storage
import TestSupport
import Testing

@testable import Operations

@Suite struct RunTests {
    @Test func `a run by hand waits for capacity and for nothing else`() async throws {
        let operations = try await TestOperations()
        _ = try await operations.database.addNode()
        let task = try await operations.make { $0.isActive = .value(false) }
        let before = try await operations.database.store.now()
        let id = try await operations.tasks.execute(task.id, as: Caller(operations.alice))
        let execution = try await operations.executions.find(id, of: task.id, as: Caller(operations.alice))
        // Capacity is a reason only once it was waited for long enough.
        #expect([nil, .concurrency].contains(execution.reason))
        #expect(execution.status == .pending && execution.trigger == .manual)
        #expect(execution.scheduledFor >= before && execution.attemptNumber == 0 && execution.taskName == task.name)
        #expect(execution.startedAt == nil && execution.endedAt == nil && execution.node == nil)
    }

    @Test func `under skip and queue a run by hand waits its turn`() async throws {
        let operations = try await TestOperations()
        _ = try await operations.database.addNode()
        for policy in [OverlapPolicy.skip, .queue] {
            let task = try await operations.make { $0.overlapPolicy = .value(policy) }
            _ = try await operations.tasks.execute(task.id, as: Caller(operations.alice))
            let second = try await operations.tasks.execute(task.id, as: Caller(operations.alice))
            let waiting = try await operations.executions.find(second, of: task.id, as: Caller(operations.alice))
            #expect(waiting.status == .pending && waiting.reason == .overlap)
        }
    }

    @Test func `runs asked for at once are each answered for themselves`() async throws {
        let operations = try await TestOperations()
        let (database, alice, bob) = (operations.database, operations.alice, operations.bob)
        let mine = try await operations.make { $0.overlapPolicy = .value(.allow) }
        let last = try await operations.make { $0.overlapPolicy = .value(.cancelPrevious) }
        let full = try await operations.make { $0.overlapPolicy = .value(.queue) }
        let now = try await database.second()
        try await database.store.insert(
            (0..<995).map {
                NewExecution(
                    task: full.id, trigger: .manual, scheduledFor: now.addingTimeInterval(-Double($0)),
                    status: .pending, reason: nil, priority: 5)
            })
        let asked: [(Identifier<TaskDefinition>, User)] = (0..<60).map { number in
            [(mine.id, alice), (last.id, alice), (full.id, alice), (mine.id, bob), (Identifier(), alice)][number % 5]
        }
        let verdicts = await withTaskGroup(of: (Int, String).self) { group in
            for (number, (task, principal)) in asked.enumerated() {
                group.addTask {
                    do {
                        _ = try await operations.tasks.execute(task, as: Caller(principal))
                        return (number % 5, "made")
                    } catch OperationError.refused(let refusal, _) {
                        return (number % 5, refusal.rawValue)
                    } catch {
                        return (number % 5, "\(error)")
                    }
                }
            }
            var verdicts: [Int: [String: Int]] = [:]
            for await (kind, verdict) in group { verdicts[kind, default: [:]][verdict, default: 0] += 1 }
            return verdicts
        }
        #expect(
            verdicts == [
                0: ["made": 12], 1: ["made": 12], 2: ["made": 5, "queue_full": 7], 3: ["not_owner": 12],
                4: ["not_found": 12],
            ])
        #expect(try await database.executions(of: mine).count == 12)
        let superseding = try await database.executions(of: last).map(\.status)
        #expect(superseding.count { $0 == .pending } == 1 && superseding.count { $0 == .cancelled } == 11)
        #expect(operations.cancelled.total == 11)
    }

    @Test func `a task that somebody is busy with keeps no other waiting`() async throws {
        let operations = try await TestOperations()
        let (tasks, alice) = (operations.tasks, operations.alice)
        let busy = try await operations.make()
        let other = try await operations.make()
        let asked = try await operations.database.database.transaction { store in
            _ = try await store.lockTask(busy.id)
            let asked = (0..<2).map { _ in Task { try await tasks.execute(busy.id, as: Caller(alice)) } }
            for _ in 0..<10 { _ = try await tasks.execute(other.id, as: Caller(alice)) }
            return asked
        }
        for run in asked { _ = try await run.value }
        #expect(try await operations.database.executions(of: busy).count == 2)
    }

    @Test func `a thousand waiting runs are enough`() async throws {
        let operations = try await TestOperations()
        for policy in [OverlapPolicy.queue, .skip, .allow] {
            let task = try await operations.make { $0.overlapPolicy = .value(policy) }
            let now = try await operations.database.second()
            try await operations.database.store.insert(
                (0..<1_000).map {
                    NewExecution(
                        task: task.id, trigger: .manual, scheduledFor: now.addingTimeInterval(-Double($0)),
                        status: .pending, reason: nil, priority: 5)
                })
            await expectRefused(.queueFull) {
                try await operations.tasks.execute(task.id, as: Caller(operations.alice))
            }
        }
    }

    @Test func `under cancel_previous a run by hand supersedes what waits and what runs`() async throws {
        let operations = try await TestOperations()
        let (database, alice) = (operations.database, operations.alice)
        let task = try await operations.make { $0.overlapPolicy = .value(.cancelPrevious) }
        let node = try await database.addNode()
        let first = try await operations.tasks.execute(task.id, as: Caller(alice))
        let lease = try #require(try await database.claim(for: node).first)
        let second = try await operations.tasks.execute(task.id, as: Caller(alice))
        let third = try await operations.tasks.execute(task.id, as: Caller(alice))
        #expect(try await database.store.wishes(for: [lease]).map(\.wish) == [.end(.superseded)])
        #expect(try await database.execution(second).reason == .superseded)
        #expect(operations.cancelled.total == 1, "what runs is counted when it ends")
        #expect(try await database.claim(for: node).isEmpty, "the old one is not dead yet")
        try await database.finish([FinishedAttempt(lease, .cancelled(.superseded))])
        #expect(try await database.execution(first).status == .cancelled)
        #expect(try await database.claim(for: node).map(\.executionID) == [third])
    }

    @Test func `cancelling a waiting run ends it at once, a running one by a wish, an ended one never`() async throws {
        let operations = try await TestOperations()
        let (database, alice, executions) = (operations.database, operations.alice, operations.executions)
        let task = try await operations.make { $0.overlapPolicy = .value(.queue) }
        let running = try await operations.tasks.execute(task.id, as: Caller(alice))
        let waiting = try await operations.tasks.execute(task.id, as: Caller(alice))
        let lease = try #require(try await database.claim(for: try await database.addNode()).first)
        try await executions.cancel(waiting, of: task.id, as: Caller(alice))
        #expect(try await database.execution(waiting).status == .cancelled)
        #expect(operations.cancelled.total == 1)
        try await executions.cancel(running, of: task.id, as: Caller(alice))
        try await executions.cancel(running, of: task.id, as: Caller(alice))
        #expect(try await database.execution(running).status == .running)
        try await database.finish([FinishedAttempt(lease, .cancelled(.requested))])
        for ended in [waiting, running] {
            await expectRefused(.executionEnded) { try await executions.cancel(ended, of: task.id, as: Caller(alice)) }
        }
    }

    @Test func `executions are listed newest first, by what is asked`() async throws {
        let operations = try await TestOperations()
        let (database, alice, executions) = (operations.database, operations.alice, operations.executions)
        let task = try await operations.make { $0.overlapPolicy = .value(.allow) }
        let second = try await database.second()
        var ids: [Identifier<Execution>] = []
        for age in [10.0, 20, 30] {
            ids.insert(try await database.addRun(of: task, slot: second.addingTimeInterval(-age)), at: 0)
        }
        ids.insert(try await operations.tasks.execute(task.id, as: Caller(alice)), at: 0)
        func found(_ change: (inout ExecutionFilter) -> Void) async throws -> [Identifier<Execution>] {
            var filter = ExecutionFilter()
            change(&filter)
            return try await executions.list(of: task.id, filter, .page(number: 1, size: 3), as: Caller(alice)).rows
                .map(\.id)
        }
        #expect(try await found { _ in } == Array(ids.prefix(3)))
        #expect(try await found { $0.triggers = [.manual] } == [ids[0]])
        #expect(try await found { $0.statuses = [.running] }.isEmpty)
        #expect(
            try await found {
                $0.since = second.addingTimeInterval(-30)
                $0.until = second.addingTimeInterval(-10)
            } == [ids[1], ids[2]])
    }

    @Test func `deleting a task takes its executions with it`() async throws {
        let operations = try await TestOperations()
        let (database, alice) = (operations.database, operations.alice)
        let task = try await operations.make()
        let id = try await operations.tasks.execute(task.id, as: Caller(alice))
        let lease = try #require(try await database.claim(for: try await database.addNode()).first)
        try await operations.tasks.delete(task.id, as: Caller(alice))
        await expectRefused(.notFound) { try await operations.tasks.find(task.id, as: Caller(alice)) }
        #expect(try await database.store.execution(id, of: task.id) == nil)
        #expect(try await database.store.wishes(for: [lease]).map(\.token) == [lease.fencingToken])
    }

    @Test func `a disabled owner's tasks rest until the owner is back`() async throws {
        let operations = try await TestOperations()
        let task = try await operations.make()
        let paused = try await operations.make { $0.isActive = .value(false) }
        try await operations.users.setActive(false, username: "alice")
        #expect(try await operations.tasks.find(task.id, as: Caller(operations.root)).nextRun == nil)
        #expect(try await operations.tasks.find(task.id, as: Caller(operations.root)).isActive)
        var draft = TaskDraft()
        draft.schedule = .value("0 5 * * *")
        let changed = try await operations.tasks.update(task.id, with: draft, as: Caller(operations.root))
        #expect(changed.nextRun == nil, "a change does not wake the task of a disabled owner")
        try await operations.users.setActive(true, username: "alice")
        #expect(try await operations.tasks.find(task.id, as: Caller(operations.root)).nextRun != nil)
        #expect(try await operations.tasks.find(paused.id, as: Caller(operations.root)).nextRun == nil)
    }

    @Test func `a preview answers the coming slots and names what it cannot read`() async throws {
        func request(_ text: String, zone: String = "UTC", kind: ScheduleKind = .cron) -> PreviewRequest {
            PreviewRequest(
                kind: kind, schedule: text, timezone: zone, from: .instant(Date(timeIntervalSince1970: 0)),
                startsAt: nil, endsAt: nil, count: 2)
        }
        let now = Date(timeIntervalSince1970: 1_700_000_000)
        let answer = try SchedulePreview(request("0 4 * * *"), now: now)
        #expect(answer.next == [14_400, 100_800].map { Date(timeIntervalSince1970: $0) })
        let interval = try SchedulePreview(request("1h", kind: .interval), now: now)
        #expect(interval.next == [3_600, 7_200].map { Date(timeIntervalSince1970: $0) })
        #expect(await faults { try SchedulePreview(request("x"), now: now) } == ["schedule: value_error"])
        #expect(
            await faults { try SchedulePreview(request("@daily", zone: "x"), now: now) } == ["timezone: value_error"])
    }

    @Test func `a preview tells all that is wrong, and refuses what never fires`() async throws {
        let now = Date(timeIntervalSince1970: 1_770_000_000)
        var request = PreviewRequest(
            kind: .cron, schedule: "61 * * * *", timezone: "Nope", from: nil, startsAt: .instant(now),
            endsAt: .instant(now), count: 10, faults: [InputFault(["count"], "must be from 1 to 100")])
        #expect(
            await faults { try SchedulePreview(request, now: now) } == [
                "count: value_error", "schedule: value_error", "timezone: value_error", "ends_at: value_error",
            ])
        request = PreviewRequest(
            kind: .cron, schedule: "0 0 1 1 *", timezone: "UTC", from: nil, startsAt: .instant(now),
            endsAt: .instant(now.addingTimeInterval(86_400)), count: 10)
        #expect(await faults { try SchedulePreview(request, now: now) } == ["schedule: value_error"])
        request = PreviewRequest(
            kind: .once, schedule: "2020-01-01T00:00:00Z", timezone: "UTC", from: nil, startsAt: nil, endsAt: nil,
            count: 10)
        #expect(try SchedulePreview(request, now: now).next.isEmpty)
    }

    @Test(arguments: [
        (ScheduleKind.cron, "@daily", String?.none, ["2026-01-01", "2026-01-02"]), (.cron, "@daily", "2025-01-01", []),
        (.cron, "0 0 1 1 *", nil, ["2026-01-01"]), (.once, "@daily", nil, ["2026-01-01"]),
        (.interval, "1d", nil, ["2026-01-01", "2026-01-02"]), (.interval, "1d", "2025-01-01", []),
        (.interval, "100d", nil, []), (.once, "2026-01-02T00:00:00Z", nil, ["2026-01-02"]),
    ])
    func `a preview answers what is left of a schedule that ends, be it nothing`(
        _ kind: ScheduleKind, _ text: String, _ start: String?, _ early: [String]
    ) throws {
        let now = Date(timeIntervalSince1970: 1_795_000_000)
        func next(from: String) throws -> [String] {
            try SchedulePreview(
                PreviewRequest(
                    kind: kind, schedule: text, timezone: "UTC", from: ISO8601.parse(from + "T00:00:00Z"),
                    startsAt: start.flatMap { ISO8601.parse($0 + "T00:00:00Z") },
                    endsAt: ISO8601.parse("2026-01-03T00:00:00Z"), count: 10),
                now: now
            ).next.map { String(ISO8601.format($0).prefix(10)) }
        }
        if start == nil { #expect(try next(from: "2025-12-31") == early) }
        for from in ["2026-01-02", "2026-01-03", "2027-05-05"] { #expect(try next(from: from) == []) }
    }

    @Test func `a preview tells a once time by the clock of its zone`() throws {
        let request = PreviewRequest(
            kind: .once, schedule: "2027-03-28T02:30:00", timezone: "Europe/Berlin", from: nil, startsAt: nil,
            endsAt: nil, count: 1)
        let preview = try SchedulePreview(request, now: Date(timeIntervalSince1970: 1_795_000_000))
        #expect(preview.sentence == "Once at 2027-03-28T03:00:00+02:00, Europe/Berlin")
        #expect(
            preview.warnings == [
                "The clock skips from 2027-03-28T02:00:00 to 2027-03-28T03:00:00; "
                    + "the time asked for does not exist: it runs at 2027-03-28T03:00:00+02:00."
            ])
    }
}
