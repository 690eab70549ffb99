import Domain
import Foundation
import Postgres
import Scheduling
import Storage
import TestSupport
import Testing

@testable import Engine

/// Statements that hang until the lease has lapsed by the server's own clock, and are carried out after all.
@Suite struct HangTests {
    /// What keeps renewals waiting, and what keeps claims waiting as well.
    private enum Lock {
        case renewals, claims

        var sql: SQL {
            switch self {
            case .renewals: "FOR NO KEY UPDATE"
            case .claims: "FOR UPDATE"
            }
        }
    }

    /// Keeps statements about the engine's node waiting until `body` is over and the lease has lapsed by the server's
    /// own clock; by the database's it holds, as after a renewal that was sent before an outage.
    private func hang<Result: Sendable>(
        _ engine: TestEngine, _ lock: Lock, in database: TestDatabase,
        _ body: @Sendable @escaping () async throws -> Result
    ) async throws -> Result {
        try await database.pool.execute(
            """
            UPDATE qkron.nodes SET lease_expires_at = clock_timestamp() + interval '1 hour'
            WHERE id = \(engine.node.id.uuid)
            """)
        let holder = database.secondPool(size: 1)
        let result = try await holder.withTransaction { transaction in
            _ = try await transaction.query("SELECT FROM qkron.nodes WHERE id = \(engine.node.id.uuid) \(lock.sql)")
            try await eventually("a renewal hangs") { try await waiting(for: "SET lease_expires_at", in: database) > 0 }
            let result = try await body()
            // Not only the lease, but all that hangs is late: it was sent while that held.
            try await eventually("the lease has lapsed, and every renewal of it would have") {
                engine.runner.leaseEnd.map { $0 + .seconds(2) <= .now } ?? false
            }
            return result
        }
        await holder.close()
        return result
    }

    /// How many statements that contain these words wait for a lock.
    private func waiting(for words: String, in database: TestDatabase) async throws -> Int {
        try await database.pool.value(
            """
            SELECT count(*) AS value FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock' AND position(\(words) IN query) > 0
            """)
    }

    @Test func `while renewals hang nothing is granted, however alive the database takes the server for`() async throws
    {
        let database = try await TestDatabase.make(poolSize: 6)
        let engine = try await TestEngine(database, leaseSeconds: 3)
        let (due, asked) = (try await database.addTask(), try await database.addTask())
        try await engine.whileRunning {
            try await engine.becomeWell()
            try await hang(engine, .renewals, in: database) {
                try await eventually("the lease has lapsed") { engine.runner.leaseEnd.map { $0 <= .now } ?? false }
                let byHand = try await database.addRun(of: asked, trigger: .manual)
                engine.signals.work.wake()
                try await database.pool.execute(
                    "UPDATE qkron.tasks SET next_run = clock_timestamp() WHERE id = \(due.id.uuid)")
                engine.signals.due.wake()
                try await eventually("the slot is fired") { try await !database.executions(of: due).isEmpty }
                try await Task.sleep(for: .milliseconds(200))  // The worker could take up both.
                #expect(try await database.executions(of: due).map(\.status) == [.pending])
                #expect(try await database.execution(byHand).status == .pending)
            }
            try await eventually("all is made up for") {
                try await database.store.statistics() == EngineStatistics(running: 0, pending: 0)
            }
        }
        #expect(engine.runner.attempts.map(\.attempt) == [1, 1] && engine.runner.begunTooLate.isEmpty)
    }

    @Test func `a grant that is answered after the lease begins under the next one, or not at all`() async throws {
        let database = try await TestDatabase.make(poolSize: 6)
        let engine = try await TestEngine(database, leaseSeconds: 6)
        let task = try await database.addTask()
        try await engine.whileRunning {
            try await engine.becomeWell()
            // A claim is sent only while the lease holds, for which a busy machine may come too late.
            try await eventually("a claim hung", within: .seconds(300)) {
                let hung = try await hang(engine, .claims, in: database) {
                    _ = try await database.addRun(of: task, trigger: .manual)
                    engine.signals.work.wake()
                    return try await claimHangs(of: engine, in: database)
                }
                try await eventually("it has run") {
                    try await database.store.statistics() == EngineStatistics(running: 0, pending: 0)
                }
                return hung
            }
        }
        let (attempts, runs) = (engine.runner.attempts, try await database.executions(of: task).map(\.id))
        #expect(attempts.allSatisfy { $0.attempt == 1 } && engine.runner.begunTooLate.isEmpty)
        #expect(attempts.count == runs.count && Set(attempts.map(\.executionID)) == Set(runs), "each began once")
    }

    /// Waits until a claim waits for a lock, in vain when the lease ends before.
    private func claimHangs(of engine: TestEngine, in database: TestDatabase) async throws -> Bool {
        var hangs = false
        try await eventually("a claim hangs or the lease ends") {
            hangs = try await waiting(for: "FOR KEY SHARE", in: database) > 0
            return hangs || engine.lease.term() == nil
        }
        return hangs
    }

    @Test func `what was given away before the grant was answered does not begin`() async throws {
        let database = try await TestDatabase.make(poolSize: 6)
        let engine = try await TestEngine(database, leaseSeconds: 3)
        let task = try await database.addTask { $0.retryPolicy = RetryPolicy(maxRetries: 0, delay: 0, backoff: .fixed) }
        try await engine.whileRunning {
            try await engine.becomeWell()
            let term = try await engine.term()
            try await hang(engine, .renewals, in: database) {}
            #expect(try await engine.term() != term)
            let run = NewExecution(
                task: task.id, trigger: .manual, scheduledFor: .now, status: .pending, reason: nil, priority: 5)
            // In one transaction, so that the engine itself never finds it.
            let lease = try await database.database.transaction { store in
                try await store.insert([run])
                let lease = try #require(try await store.claim(for: engine.node, limit: 1, taskLimit: 1).first)
                _ = try await store.finish([FinishedAttempt(lease, .lost)])
                return lease
            }
            engine.grants.hand([Grant(lease: lease, term: term, askedAt: .now)])
            engine.signals.work.wake()
            let next = try await database.addRun(of: try await database.addTask(), trigger: .manual)
            engine.signals.work.wake()
            try await eventually("the worker has gone on") { try await database.execution(next).status == .completed }
            #expect(try await database.execution(run.id).reason == .lost)
            #expect(engine.runner.attempts.map(\.executionID) == [next])
        }
    }
}
