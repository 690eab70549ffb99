import Domain
import Foundation
import Postgres
import TestSupport
import Testing

@testable import Storage

/// Which ends of runs are told to whom, and who may tell.
@Suite struct DeliveryTests {
    private static let url = "https://example.org/hook?token=x"

    /// A database with one task that wants to be told, and has one running execution.
    private func oneRun(
        _ change: (inout TaskDefinition) -> Void = { _ in }
    ) async throws -> (database: TestDatabase, task: TaskDefinition, node: Node, lease: Lease) {
        let database = try await TestDatabase.make()
        let node = try await database.addNode()
        let task = try await database.addTask {
            $0.callbackURL = Self.url
            change(&$0)
        }
        _ = try await database.addRun(of: task)
        return (database, task, node, try #require(try await database.claim(for: node).first))
    }

    private func owed(_ database: TestDatabase) async throws -> [Identifier<Execution>] {
        try await database.pool.query("SELECT execution_id FROM qkron.deliveries ORDER BY created_at").map {
            Identifier(try $0.decode("execution_id"))
        }
    }

    private func cancel(
        _ database: TestDatabase, _ task: TaskDefinition, reason: Reason = .requested
    ) async throws -> Cancellation {
        try await database.database.transaction { store in
            _ = try await store.lockTask(task.id)
            return try await store.cancelUnfinished(of: [task.id], reason: reason)
        }
    }

    private func claim(_ database: TestDatabase, patience: Int = 30) async throws -> [DueDelivery] {
        try await database.store.claimDeliveries(limit: 10, patience: patience)
    }

    @Test(arguments: [
        Outcome.succeeded, .failed(.exitCode), .timedOut, .cancelled(.requested), .lost, .shutDown,
    ])
    func `the end of a run is owed to who wants to be told, with the end itself`(outcome: Outcome) async throws {
        let (database, task, _, lease) = try await oneRun { $0.retryPolicy.maxRetries = 0 }
        #expect(try await database.execution(lease.executionID).callback == nil)
        let recorded = try await database.database.transaction { store in
            try await store.finish([FinishedAttempt(lease, outcome, stdout: "out", returnCode: 3)])
        }
        #expect(recorded.oweMessages)
        let callback = Delivery(status: .pending, tries: 0, error: nil, sentAt: nil)
        #expect(try await database.execution(lease.executionID).callback == callback)
        #expect(try await database.executions(of: task).map(\.callback) == [callback])
        let due = try #require(try await claim(database).first)
        #expect(due.execution == lease.executionID && due.task == task.id && due.url == Self.url && due.tries == 0)
        #expect(due.stdout == "out" && due.returnCode == 3)
        let status = try await database.execution(lease.executionID).status
        #expect(due.status == status)
    }

    @Test func `where nobody wants to be told, nothing is owed`() async throws {
        let (database, _, _, lease) = try await oneRun { $0.callbackURL = nil }
        let recorded = try await database.database.transaction { store in
            try await store.finish([FinishedAttempt(lease, .succeeded)])
        }
        #expect(!recorded.oweMessages)
        #expect(try await owed(database).isEmpty)
        #expect(try await database.store.secondsUntilDelivery() == nil)
    }

    @Test func `an attempt that is followed by another is not the end`() async throws {
        let (database, task, node, lease) = try await oneRun { $0.retryPolicy.maxRetries = 1 }
        try await database.finish([FinishedAttempt(lease, .failed(.exitCode))])
        #expect(try await owed(database).isEmpty)
        // As it is when the run ends.
        try await database.pool.execute("UPDATE qkron.tasks SET callback_url = 'http://other'")
        let next = try #require(try await database.claim(for: node).first)
        try await database.finish([FinishedAttempt(next, .failed(.exitCode))])
        try await database.pool.execute("UPDATE qkron.tasks SET callback_url = NULL WHERE id = \(task.id.uuid)")
        #expect(try await claim(database).map(\.url) == ["http://other"])
    }

    @Test(arguments: [Outcome.lost, .shutDown])
    func `an interrupted run is told of by the retry that follows it`(outcome: Outcome) async throws {
        let (database, task, node, lease) = try await oneRun { $0.retryPolicy.maxRetries = 1 }
        try await database.finish([FinishedAttempt(lease, outcome)])
        #expect(try await owed(database).isEmpty)
        let next = try #require(try await database.claim(for: node).first)
        #expect(next.executionID != lease.executionID)
        try await database.finish([FinishedAttempt(next, outcome)])
        #expect(try await owed(database) == [next.executionID])
        #expect(try await database.executions(of: task).count == 2)
    }

    @Test func `cancelled between two attempts, a run has ended; before the first, it never was one`() async throws {
        let (database, task, node, lease) = try await oneRun { $0.retryPolicy.delay = 600 }
        try await database.finish([FinishedAttempt(lease, .failed(.exitCode))])
        #expect(try await cancel(database, task).owesMessages)
        #expect(try await owed(database) == [lease.executionID])

        _ = try await database.addRun(of: task)
        _ = try await cancel(database, task, reason: .superseded)
        #expect(try await owed(database).count == 1)

        _ = try await database.addRun(of: task)
        let lost = try #require(try await database.claim(for: node).first)
        try await database.finish([FinishedAttempt(lost, .lost)])
        _ = try await cancel(database, task, reason: .taskCancelled)
        let retry = try #require(try await database.executions(of: task).first { $0.trigger == .retry })
        #expect(try await owed(database) == [lease.executionID, retry.id], "the lost run had begun")
    }

    @Test(arguments: [ExecutionStatus.skipped, .failed])
    func `what never ran is told to nobody`(status: ExecutionStatus) async throws {
        let database = try await TestDatabase.make()
        let task = try await database.addTask { $0.callbackURL = Self.url }
        let now = try await database.store.now()
        try await database.store.insert([
            NewExecution(
                task: task.id, trigger: .manual, scheduledFor: now, status: status, reason: .dependency, priority: 5)
        ])
        #expect(try await owed(database).isEmpty)
    }

    @Test func `a result that comes twice, or too late, owes nothing more`() async throws {
        let (database, _, _, lease) = try await oneRun { $0.retryPolicy.maxRetries = 0 }
        for outcome in [Outcome.succeeded, .succeeded, .failed(.signal)] {
            try await database.finish([FinishedAttempt(lease, outcome)])
        }
        #expect(try await owed(database) == [lease.executionID])
    }

    @Test func `with a deleted task goes what was owed`() async throws {
        let (database, task, _, lease) = try await oneRun()
        try await database.finish([FinishedAttempt(lease, .succeeded)])
        #expect(try await database.store.deleteTask(task.id))
        #expect(try await owed(database).isEmpty)
    }

    @Test func `of several who ask, one may send, and a lapsed lease records nothing`() async throws {
        let (database, _, _, lease) = try await oneRun()
        try await database.finish([FinishedAttempt(lease, .succeeded)])
        let claims = try await withThrowingTaskGroup(of: [DueDelivery].self) { group in
            for _ in 0..<6 { group.addTask { try await claim(database) } }
            return try await group.reduce([], +)
        }
        #expect(claims.count == 1)
        let first = try #require(claims.first)
        try await database.pool.execute("UPDATE qkron.deliveries SET next_try = clock_timestamp()")
        let second = try #require(try await claim(database).first)
        #expect(second.id == first.id)
        #expect(try await database.store.record(.failed(error: "late"), of: first) == false)
        try await database.store.letGo(of: [first])
        #expect(try await claim(database).isEmpty)
        #expect(try await database.store.record(.sent, of: second))
        #expect(try await database.store.record(.sent, of: second) == false)
        let callback = try #require(try await database.execution(lease.executionID).callback)
        #expect(callback.status == .sent && callback.tries == 1 && callback.error == nil)
        #expect(try #require(callback.sentAt) >= lease.grantedAt)
        #expect(try await database.store.secondsUntilDelivery() == nil)
    }

    @Test func `a failed try waits for the next, and the last is the end`() async throws {
        let (database, _, _, lease) = try await oneRun()
        try await database.finish([FinishedAttempt(lease, .succeeded)])
        let first = try #require(try await claim(database).first)
        #expect(try await database.store.record(.again(after: 100, error: "why"), of: first))
        #expect(try await claim(database).isEmpty)
        let seconds = try #require(try await database.store.secondsUntilDelivery())
        #expect(seconds > 90 && seconds <= 100)
        let waiting = Delivery(status: .pending, tries: 1, error: "why", sentAt: nil)
        #expect(try await database.execution(lease.executionID).callback == waiting)
        try await database.pool.execute("UPDATE qkron.deliveries SET next_try = clock_timestamp()")
        let second = try #require(try await claim(database).first)
        #expect(second.tries == 1)
        #expect(try await database.store.record(.failed(error: "enough"), of: second))
        let over = Delivery(status: .failed, tries: 2, error: "enough", sentAt: nil)
        #expect(try await database.execution(lease.executionID).callback == over)
    }

    @Test func `what is let go of can be claimed at once, and counts as no try`() async throws {
        let (database, _, _, lease) = try await oneRun()
        try await database.finish([FinishedAttempt(lease, .succeeded)])
        let first = try #require(try await claim(database).first)
        try await database.store.letGo(of: [first])
        #expect(try await claim(database).map(\.tries) == [0])
    }

    @Test func `of long output head and tail are told`() async throws {
        let (database, _, _, lease) = try await oneRun()
        let output = String(repeating: "a", count: 40_000) + String(repeating: "é", count: 40_000)
        try await database.finish([FinishedAttempt(lease, .succeeded, stdout: output)])
        let stdout = try #require(try await claim(database).first).stdout
        #expect(stdout.utf8.count <= 65_536 && stdout.utf8.count > 65_000)
        #expect(stdout.hasPrefix("aaa") && stdout.hasSuffix("ééé") && stdout.contains(" bytes cut by qkron ..."))
    }

    @Test func `what somebody waits to be told of is not pruned`() async throws {
        let database = try await TestDatabase.make()
        let task = try await database.addTask()
        let old = try await database.addPast(of: task, daysAgo: 100)
        _ = try await database.addPast(of: task, daysAgo: 1)
        try await database.pool.execute(
            """
            INSERT INTO qkron.deliveries (id, execution_id, kind, url, next_try, created_at)
            VALUES (gen_random_uuid(), \(old.uuid), 'callback', 'http://x', now(), now())
            """)
        func prunable() async throws -> [Identifier<Execution>] {
            let cutoff = try await database.store.daysAgo(90)
            return try await database.store.executions(madeBefore: cutoff, after: nil, limit: 10)
                .filter(\.isPrunable).map(\.id)
        }
        #expect(try await prunable() == [])
        try await database.pool.execute("UPDATE qkron.deliveries SET status = 'failed', next_try = NULL")
        #expect(try await prunable() == [old])
        try await database.store.markPruned([task.id: try await database.store.now()])
        #expect(try await database.store.pruneExecutions([old]) == 1)
        #expect(try await owed(database).isEmpty)
    }

    @Test func `tasks and runs of the version before go on, and owe nothing`() async throws {
        let pool = try await makePool()
        _ = try await Migrator(Array(Schema.migrations.prefix { $0.name != "callback_url" })).migrate(pool)
        let (task, execution) = (UUID(), UUID())
        try await pool.execute(
            """
            INSERT INTO qkron.tasks (
                id, name, task_type, parameters, schedule_type, schedule, timezone, timing_since, misfire_policy,
                misfire_grace, overlap_policy, timeout, max_retries, retry_delay, retry_backoff, priority, tags, is_active,
                status, created_at, updated_at)
            VALUES (\(task), 'old', 'command', '{"command": "true"}', 'cron', '@daily', 'UTC', now(), 'skip', 60, 'skip', 1,
                    0, 0, 'fixed', 5, '{}', true, 'pending', now(), now())
            """)
        try await pool.execute(
            """
            INSERT INTO qkron.executions (id, task_id, trigger, scheduled_for, status, priority, not_before, ended_at,
                                          created_at)
            VALUES (\(execution), \(task), 'manual', now(), 'completed', 5, now(), now(), now())
            """)
        #expect(try await Migrator(Schema.migrations).migrate(pool) == [17, 18, 19])
        let store = Store(session: pool)
        #expect(try await store.task(Identifier(task))?.callbackURL == nil)
        #expect(try await store.execution(Identifier(execution), of: Identifier(task))?.callback == nil)
        #expect(try await store.claimDeliveries(limit: 1, patience: 1).isEmpty)
    }
}
