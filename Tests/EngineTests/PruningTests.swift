import Domain
import Foundation
import Postgres
import Storage
import TestSupport
import Testing

@testable import Engine

/// What a sweep removes and what it keeps.
@Suite struct PruningTests {
    private func sweep(
        _ database: TestDatabase, days: Int? = nil, perTask: Int? = nil, output: Int? = nil, audit: Int? = nil
    ) async throws -> PruningSweep {
        let retention = Retention(
            executionDays: days, executionsPerTask: perTask, outputDays: output, auditDays: audit)
        let store = Database(database.secondPool(prefersIndexes: true)).store
        var sweep = PruningSweep(retention)
        while !sweep.isOver { try await sweep.pruneBatch(in: store) }
        return sweep
    }

    private func ids(_ database: TestDatabase, _ task: TaskDefinition) async throws -> [Identifier<Execution>] {
        try await database.executions(of: task).map(\.id)
    }

    @Test func `executions older than the days go, a task's latest run never, and the task tells of it`() async throws {
        let database = try await TestDatabase.make()
        let (busy, dormant) = (try await database.addTask(), try await database.addTask())
        var old: [Identifier<Execution>] = []
        for days in [100.0, 95, 91] { old.append(try await database.addPast(of: busy, daysAgo: days, output: "out")) }
        for status in [ExecutionStatus.failed, .cancelled, .timeout, .skipped] {
            old.append(try await database.addPast(status, of: busy, daysAgo: 92))
        }
        let new = try await database.addPast(of: busy, daysAgo: 89, output: "out")
        _ = try await database.addPast(of: dormant, daysAgo: 200)
        let latest = try await database.addPast(of: dormant, daysAgo: 150)
        let cutoff = try await database.store.daysAgo(90)
        let done = try await sweep(database, days: 90)
        #expect(done.pruned == [.executions: old.count + 1])
        #expect(try await ids(database, busy) == [new])
        #expect(try await ids(database, dormant) == [latest])
        #expect(
            try await database.pool.value("SELECT count(*) AS value FROM qkron.execution_output", as: Int.self) == 1)
        for task in [busy, dormant] {
            let bound = try #require(try await database.prunedBefore(task))
            #expect(abs(bound.timeIntervalSince(cutoff)) < 60)
        }
        #expect(try await sweep(database, days: 90).pruned.isEmpty)
    }

    @Test func `the run that started last stays, and the newest execution beside it`() async throws {
        let database = try await TestDatabase.make()
        let task = try await database.addTask()
        _ = try await database.addPast(of: task, daysAgo: 200)
        let run = try await database.addPast(.failed, of: task, daysAgo: 150)
        _ = try await database.addPast(.skipped, of: task, daysAgo: 140)
        let newest = try await database.addPast(.skipped, of: task, daysAgo: 130)
        for retention in [(90, nil), (nil, 1)] as [(Int?, Int?)] {
            _ = try await sweep(database, days: retention.0, perTask: retention.1)
            #expect(try await ids(database, task) == [run, newest])
        }
    }

    @Test func `what has not ended, or ended lately, stays however old it is`() async throws {
        let database = try await TestDatabase.make()
        let task = try await database.addTask { $0.overlapPolicy = .allow }
        let kept = [
            try await database.addPast(.pending, of: task, daysAgo: 100),
            try await database.addPast(.running, of: task, daysAgo: 99),
            try await database.addPast(of: task, daysAgo: 98, endedDaysAgo: 1, output: "out"),
            try await database.addPast(of: task, daysAgo: 1),
        ]
        let done = try await sweep(database, days: 90, output: 30)
        #expect(done.pruned.isEmpty)
        #expect(try await ids(database, task) == kept)
        #expect(try await database.prunedBefore(task) == nil)
        #expect(try await sweep(database, perTask: 1).pruned == [.executions: 1], "it has ended, and is surplus")
        #expect(try await ids(database, task) == [kept[0], kept[1], kept[3]])
    }

    @Test func `beyond the most of one task the oldest go`() async throws {
        let database = try await TestDatabase.make()
        let (many, few) = (try await database.addTask(), try await database.addTask())
        var made: [Identifier<Execution>] = []
        for days in stride(from: 60.0, to: 0, by: -0.1) {
            made.append(try await database.addPast(of: many, daysAgo: days))
        }
        let fewer = [
            try await database.addPast(of: few, daysAgo: 500), try await database.addPast(of: few, daysAgo: 400),
        ]
        // As slots that were caught up with are: made by one statement.
        try await database.pool.execute(
            """
            UPDATE qkron.executions SET created_at = date_trunc('day', created_at) WHERE task_id = \(many.id.uuid)
            """)
        let done = try await sweep(database, perTask: 5)
        #expect(done.pruned == [.executions: made.count - 5])
        let left = try await database.executions(of: many)
        #expect(left.map(\.id) == made.suffix(5))
        #expect(try await ids(database, few) == fewer)
        let bound = try #require(try await database.prunedBefore(many))
        #expect(bound <= (try #require(left.first?.scheduledFor)))
        #expect(try await database.prunedBefore(few) == nil)
    }

    @Test func `output goes before its execution, which then reads as one without`() async throws {
        let database = try await TestDatabase.make()
        let task = try await database.addTask()
        let old = try await database.addPast(of: task, daysAgo: 31, output: "old")
        let new = try await database.addPast(of: task, daysAgo: 29, output: "new")
        #expect(try await sweep(database, days: 90, output: 30).pruned == [.output: 1])
        let emptied = try await database.execution(old)
        #expect(emptied.stdout == .empty && emptied.status == .completed)
        #expect(try await database.execution(new).stdout.text == "new")
        #expect(try await database.prunedBefore(task) == nil)
    }

    @Test func `lines of the audit log go when they are old`() async throws {
        let database = try await TestDatabase.make()
        try await database.pool.execute(
            """
            INSERT INTO qkron.audit (id, at, actor_type, action, resource_type)
            SELECT gen_random_uuid(), now() - make_interval(days => d), 'console', 'test', 'test'
            FROM generate_series(1, 1000) AS d
            """)
        #expect(try await sweep(database, days: 90, perTask: 1, output: 1).pruned.isEmpty)
        #expect(try await sweep(database, audit: 365).pruned == [.audit: 1000 - 364])
        let oldest: Double = try await database.pool.value(
            "SELECT extract(day FROM now() - min(at))::float8 AS value FROM qkron.audit")
        #expect(oldest == 364)
    }

    @Test func `a sweep waits for nobody, and leaves what others are busy with to the next`() async throws {
        let database = try await TestDatabase.make()
        let (locked, deleted) = (try await database.addTask(), try await database.addTask())
        for task in [locked, deleted] {
            for days in [100.0, 95] { _ = try await database.addPast(of: task, daysAgo: days) }
        }
        let other = database.secondPool(size: 1)
        try await other.withTransaction { transaction in
            _ = try await transaction.query(
                "SELECT FROM qkron.tasks WHERE id = \(locked.id.uuid) FOR NO KEY UPDATE")
            try await transaction.execute("DELETE FROM qkron.tasks WHERE id = \(deleted.id.uuid)")
            #expect(try await sweep(database, days: 90, perTask: 1).pruned.isEmpty)
        }
        #expect(try await database.executions(of: locked).count == 2)
        #expect(try await sweep(database, days: 90).pruned == [.executions: 1])
    }

    @Test func `batches as small as they get come to the same end`() async throws {
        let database = try await TestDatabase.make()
        let task = try await database.addTask()
        for days in stride(from: 140.0, to: 100, by: -1) {
            _ = try await database.addPast(of: task, daysAgo: days, output: "out")
        }
        let retention = Retention(executionDays: 120, executionsPerTask: 3, outputDays: 30, auditDays: 1)
        var sweep = PruningSweep(retention)
        while !sweep.isOver {
            for _ in 0..<8 { sweep.shrink() }
            try await sweep.pruneBatch(in: database.store)
        }
        #expect(try await database.executions(of: task).count == 3)
        #expect(sweep.pruned == [.executions: 37, .output: 3])
    }
}
