import Domain
import Foundation
import Postgres
import Scheduling
import Storage
import TestSupport
import Testing

@testable import Engine

@Suite struct SlotTests {
    private func once(_ instant: Date) -> TaskTiming {
        TaskTiming(
            kind: .once, text: "once", timezone: "UTC", startsAt: nil, endsAt: nil, anchor: nil, onceAt: instant)
    }

    @Test func `under cancel_previous each slot ends the run before it, and never overlaps it`() async throws {
        let database = try await TestDatabase.make()
        let start = try await database.second()
        let task = try await database.addTask {
            $0.timing = TaskTiming(
                kind: .interval, text: "1s", timezone: "UTC", startsAt: nil, endsAt: nil, anchor: start, onceAt: nil)
            $0.nextRun = start.addingTimeInterval(1)
            $0.overlapPolicy = .cancelPrevious
        }
        let engine = try await TestEngine(database, runner: .enduring(), shutdownGrace: .zero)
        try await engine.whileRunning {
            try await eventually("three runs were begun and ended") {
                try await database.executions(of: task).count { $0.startedAt != nil && $0.endedAt != nil } >= 3
            }
        }
        let runs = try await database.executions(of: task).filter { $0.trigger == .schedule && $0.startedAt != nil }
        for (earlier, later) in zip(runs, runs.dropFirst()) {
            #expect(earlier.status == .cancelled && earlier.reason == .superseded)
            #expect(try #require(earlier.endedAt) <= (try #require(later.startedAt)))
        }
    }

    @Test func `no run starts before its slot, though tasks are looked for ahead of it`() async throws {
        let database = try await TestDatabase.make()
        let start = try await database.second()
        for phase in [0.1, 0.1005, 0.3, 0.7] {
            _ = try await database.addTask {
                $0.timing = TaskTiming(
                    kind: .interval, text: "1s", timezone: "UTC", startsAt: nil, endsAt: nil,
                    anchor: start.addingTimeInterval(phase), onceAt: nil)
                $0.nextRun = start.addingTimeInterval(1 + phase)
            }
        }
        try await TestEngine(database).whileRunning {
            try await eventually("many slots have run") { try await database.startDelays().count >= 16 }
        }
        #expect(try await database.startDelays().allSatisfy { $0 >= 0 })
    }

    @Test func `a once time in the past runs once, and its task is spent`() async throws {
        let database = try await TestDatabase.make()
        let past = Date(timeIntervalSince1970: 1_600_000_000)
        let task = try await database.addTask {
            $0.timing = once(past)
            $0.nextRun = past
            $0.misfirePolicy = .skip
        }
        try await TestEngine(database).whileRunning {
            try await eventually("it has run") { try await database.task(task).status == .completed }
        }
        let after = try await database.task(task)
        #expect(after.isActive && after.nextRun == nil)
        let runs = try await database.executions(of: task)
        #expect(runs.map(\.scheduledFor) == [past] && runs.map(\.trigger) == [.schedule])
    }

    @Test func `slots missed while nobody was there follow the misfire policy`() async throws {
        let database = try await TestDatabase.make()
        let start = try await database.second().addingTimeInterval(-500)
        var tasks: [MisfirePolicy: TaskDefinition] = [:]
        for policy in MisfirePolicy.allCases {
            tasks[policy] = try await database.addTask {
                $0.timing.text = "100s"
                $0.timing.anchor = start
                $0.nextRun = start.addingTimeInterval(100)
                $0.misfireGrace = 30
                $0.misfirePolicy = policy
                $0.overlapPolicy = .queue
            }
        }
        let expected: [(policy: MisfirePolicy, missed: [ExecutionStatus])] = [
            (.fireOnce, [.skipped, .skipped, .skipped, .completed]), (.skip, [.skipped, .skipped, .skipped, .skipped]),
            (.fireAll, [.completed, .completed, .completed, .completed]),
        ]
        try await TestEngine(database).whileRunning {
            try await eventually("all slots are decided and run") {
                let due = try await database.store.secondsUntilDue() ?? 0
                let underWay = try await database.store.statistics()
                return due > 0 && underWay == EngineStatistics(running: 0, pending: 0)
            }
        }
        for (policy, missed) in expected {
            let runs = try await database.executions(of: try #require(tasks[policy]))
            #expect(runs.prefix(4).map(\.status) == missed, "\(policy)")
            #expect(runs.prefix(4).map(\.scheduledFor) == (1...4).map { start.addingTimeInterval(Double($0) * 100) })
            #expect(runs.dropFirst(4).map(\.status) == [.completed], "the slot in time runs")
        }
    }

    /// Fires the slot `age` seconds ago of a task under `cancel_previous` that has a run of the slot now.
    private func supersede(
        age: Double
    ) async throws -> (task: TaskDefinition, database: TestDatabase, running: Lease) {
        let database = try await TestDatabase.make()
        let now = try await database.second()
        let task = try await database.addTask {
            $0.overlapPolicy = .cancelPrevious
            $0.timing.anchor = now
            $0.nextRun = now.addingTimeInterval(-age)
        }
        let node = try await database.addNode(leaseSeconds: 3_600)
        _ = try await database.addRun(of: task, slot: now)
        let lease = try #require(try await database.claim(for: node).first)
        try await TestEngine(database, capacity: 0).whileRunning {
            try await eventually("the slot is decided") {
                try await database.task(task).nextRun.map { $0 > now } ?? false
            }
        }
        return (task, database, lease)
    }

    @Test func `a slot that has its run already, after the clock was stepped back, supersedes nothing`() async throws {
        let (task, database, running) = try await supersede(age: 0)
        #expect(try await database.store.wishes(for: [running]).isEmpty)
        #expect(try await database.executions(of: task).map(\.id) == [running.executionID])
    }

    @Test func `a slot that is new supersedes what runs, and its own run goes on`() async throws {
        let (task, database, running) = try await supersede(age: 5)
        #expect(try await database.store.wishes(for: [running]).map(\.wish) == [.end(.superseded)])
        #expect(try await database.executions(of: task).map(\.status) == [.pending, .running])
    }

    @Test func `the tasks of a disabled owner do not fire`() async throws {
        let database = try await TestDatabase.make()
        let (idle, busy) = (try await database.addUser("idle"), try await database.addUser("busy"))
        let now = try await database.second()
        let resting = try await database.addTask(owner: idle) { $0.nextRun = now }
        let firing = try await database.addTask(owner: busy) { $0.nextRun = now }
        try await database.pool.execute("UPDATE qkron.users SET is_active = false WHERE id = \(idle.id.uuid)")
        try await TestEngine(database).whileRunning {
            try await eventually("the other has run") { try await database.task(firing).status == .completed }
        }
        #expect(try await database.executions(of: resting).isEmpty)
    }
}

extension TestDatabase {
    /// How many seconds after its slot each run of a schedule started.
    fileprivate func startDelays() async throws -> [Double] {
        try await pool.query(
            """
            SELECT extract(epoch FROM started_at - scheduled_for)::float8 AS delay FROM qkron.executions
            WHERE trigger = 'schedule' AND started_at IS NOT NULL
            """
        ).map { try $0.decode("delay") }
    }
}
