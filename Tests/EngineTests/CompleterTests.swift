import Domain
import Foundation
import Postgres
import Storage
import TestSupport
import Testing

@testable import Engine

@Suite struct CompleterTests {
    /// Records attempts that end together, each with so much output, in a database where writing a byte of it takes a
    /// millisecond and a statement may take half a second.
    private func record(outputs: [Int]) async throws -> (recorded: [Bool], executions: [Execution]) {
        let database = try await TestDatabase.make()
        let node = try await database.addNode()
        for _ in outputs { _ = try await database.addRun(of: try await database.addTask()) }
        let leases = try await database.claim(for: node)
        try await database.pool.execute(
            """
            CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN PERFORM pg_sleep(octet_length(NEW.stdout) / 1000.0); RETURN NEW; END'
            """)
        try await database.pool.execute(
            "CREATE TRIGGER dawdle BEFORE INSERT ON qkron.execution_output FOR EACH ROW EXECUTE FUNCTION dawdle()")
        var hasty = database.configuration
        hasty.statementTimeout = .milliseconds(500)
        let pool = PostgresPool(hasty, logger: quietLogger)
        let completer = Completer(
            database: Database(pool), announcer: Announcer(database: Database(pool)), signals: EngineSignals(),
            logger: quietLogger)
        let recorded = try await withThrowingTaskGroup(of: [Bool].self) { group in
            // All wait before anything is recorded, so that they make one batch.
            async let ends = withTaskGroup(of: (Int, Bool).self) { group in
                for (index, (lease, output)) in zip(leases, outputs).enumerated() {
                    let attempt = FinishedAttempt(lease, .succeeded, stdout: String(repeating: "x", count: output))
                    group.addTask { (index, await completer.finish(attempt)) }
                }
                return await group.reduce(into: [Int: Bool]()) { $0[$1.0] = $1.1 }
            }
            try await eventually("all wait") { completer.waitingCount == outputs.count }
            group.addTask {
                try await completer.run()
                return []
            }
            let answers = await ends
            group.cancelAll()
            return leases.indices.map { answers[$0] ?? false }
        }
        await pool.close()
        var executions: [Execution] = []
        for lease in leases { executions.append(try await database.execution(lease.executionID)) }
        return (recorded, executions)
    }

    @Test func `a task that somebody else holds for long keeps no other end from being recorded`() async throws {
        let database = try await TestDatabase.make(poolSize: 6)
        let gate = Gate()
        let runner = FakeRunner { _ in
            await gate.untilOpen()
            return AttemptReport(outcome: .succeeded)
        }
        let engine = try await TestEngine(database, runner: runner)
        let (held, free) = (try await database.addTask(), try await database.addTask())
        let (late, soon) = (
            try await database.addRun(of: held, trigger: .manual), try await database.addRun(of: free, trigger: .manual)
        )
        let holder = database.secondPool(size: 1)
        try await engine.whileRunning {
            try await eventually("both run") { runner.attempts.count == 2 }
            try await holder.withTransaction { transaction in
                _ = try await transaction.query("SELECT FROM qkron.tasks WHERE id = \(held.id.uuid) FOR UPDATE")
                gate.open()
                try await eventually("the other is recorded", within: .seconds(15)) {
                    try await database.execution(soon).status == .completed
                }
                #expect(try await database.execution(late).status == .running)
            }
            try await eventually("both are") { try await database.execution(late).status == .completed }
        }
        await holder.close()
    }

    @Test func `a batch that takes too long is made smaller until it does not`() async throws {
        let (recorded, executions) = try await record(outputs: Array(repeating: 150, count: 8))
        #expect(recorded == Array(repeating: true, count: 8))
        #expect(executions.allSatisfy { $0.status == .completed && $0.stdout.text.utf8.count == 150 })
    }

    @Test func `an attempt whose output takes too long by itself is recorded without, and keeps no other`() async throws
    {
        let (recorded, executions) = try await record(outputs: [100, 5_000, 100, 100])
        #expect(recorded == [true, true, true, true])
        #expect(executions.allSatisfy { $0.status == .completed })
        #expect(executions.map(\.stdout.text.utf8.count) == [100, 0, 100, 100])
        #expect(executions[1].error == "What the run left behind could not be stored")
    }
}
