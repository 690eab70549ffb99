import Domain
import Foundation
import Postgres
import Storage
import TestSupport
import Testing

@testable import Engine

@Suite struct OutageTests {
    @Test func `connections that break cost no run`() async throws {
        let database = try await TestDatabase.make()
        let observer = try await makePool(size: 1)
        let name: String = try await database.pool.value("SELECT current_database()::text AS value")
        let engine = try await TestEngine(database, capacity: 3)
        var ids: [Identifier<Execution>] = []
        for _ in 0..<40 { ids.append(try await database.addRun(of: try await database.addTask())) }
        await database.pool.close()
        try await engine.whileRunning {
            for _ in 0..<6 {
                try await observer.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = \(name)")
                try await Task.sleep(for: .milliseconds(40))  // Some work is done between two outages.
            }
            let store = Database(engine.pool).store
            try await eventually("all runs have ended", within: .seconds(30)) {
                (try? await store.statistics()) == EngineStatistics(running: 0, pending: 0)
            }
        }
        let after = Database(database.secondPool()).store
        #expect(try await after.statistics() == EngineStatistics(running: 0, pending: 0))
    }

    @Test func `a grant whose answer was lost is found again`() async throws {
        let database = try await TestDatabase.make()
        let engine = try await TestEngine(database)
        let task = try await database.addTask()
        let id = try await database.addRun(of: task)
        #expect(try await database.claim(for: engine.node).map(\.executionID) == [id])
        try await database.pool.execute("ALTER TABLE qkron.executions RENAME TO away")
        try await engine.whileRunning {
            try await eventually("a lease is held") { engine.runner.leaseEnd != nil }
            try await Task.sleep(for: .milliseconds(100))  // The worker meets the failure.
            #expect(!engine.health.areWell([.worker]))
            try await database.pool.execute("ALTER TABLE qkron.away RENAME TO executions")
            try await eventually("the forgotten run has completed") {
                try await database.execution(id).status == .completed
            }
            try await engine.becomeWell()
        }
        #expect(engine.runner.attempts.map(\.executionID) == [id])
    }

    @Test func `looking back never runs what has just ended`() async throws {
        let database = try await TestDatabase.make()
        let runner = FakeRunner { _ in
            try? await Task.sleep(for: .milliseconds(15))
            return AttemptReport(outcome: .succeeded)
        }
        let engine = try await TestEngine(database, runner: runner, capacity: 20)
        var ids: [Identifier<Execution>] = []
        try await engine.whileRunning {
            for _ in 0..<8 {
                for _ in 0..<6 { ids.append(try await database.addRun(of: try await database.addTask())) }
                try await database.pool.execute("ALTER TABLE qkron.nodes RENAME TO away")
                engine.signals.work.wake()
                try await Task.sleep(for: .milliseconds(20))  // The worker meets the failure, or does not.
                try await database.pool.execute("ALTER TABLE qkron.away RENAME TO nodes")
            }
            try await eventually("all runs have ended") {
                try await database.store.statistics() == EngineStatistics(running: 0, pending: 0)
            }
        }
        let begun = engine.runner.attempts.map(\.fencingToken)
        #expect(Set(begun).count == begun.count && begun.count == ids.count)
    }
}
