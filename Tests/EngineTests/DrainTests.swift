import Domain
import Foundation
import Postgres
import Storage
import TestSupport
import Testing

@testable import Engine

@Suite struct DrainTests {
    @Test func `a drained server takes up nothing, goes on with what it runs, and is back at once`() async throws {
        let database = try await TestDatabase.make()
        let gate = AsyncStream<Void>.makeStream()
        let runner = FakeRunner { lease in
            if lease.attempt == 1, lease.trigger == .manual { for await _ in gate.stream {} }
            return AttemptReport(outcome: .succeeded, returnCode: 0)
        }
        let engine = try await TestEngine(database, runner: runner, isWokenOnly: true)
        let held = try await database.addRun(of: try await database.addTask(), trigger: .manual)
        try await engine.whileRunning {
            try await engine.becomeWell()
            try await eventually("the first run is under way") { engine.runner.attempts.count == 1 }
            #expect(try await database.store.setDraining(true, engine.node.id) != nil)
            let waiting = try await database.addRun(of: try await database.addTask())
            engine.announcer.announce(.work)
            gate.continuation.finish()
            try await eventually("what it ran has ended") {
                try await database.execution(held).status == .completed
            }
            let told = try await database.execution(waiting)
            #expect(told.status == .pending && told.reason == .noServer, "no other server is there")
            #expect(try await database.store.setDraining(false, engine.node.id) != nil)
            engine.announcer.announce(.work)
            try await eventually("it runs again, long before its nap is over") {
                try await database.execution(waiting).status == .completed
            }
        }
    }

    @Test func `a drained server goes on firing, and another runs`() async throws {
        let database = try await TestDatabase.make(poolSize: 6)
        let start = try await database.second()
        let drained = try await TestEngine(database)
        #expect(try await database.store.setDraining(true, drained.node.id) != nil)
        let task = try await database.addTask { task in
            task.timing.text = "1s"
            task.timing.anchor = start
            task.nextRun = start.addingTimeInterval(1)
            task.overlapPolicy = .queue
        }
        try await drained.whileRunning {
            try await eventually("slots have fired") { try await database.executions(of: task).count >= 2 }
            #expect(try await database.executions(of: task).allSatisfy { $0.status == .pending })
            let other = try await TestEngine(database)
            try await other.whileRunning {
                try await eventually("they run") {
                    try await database.executions(of: task).count { $0.status == .completed } >= 2
                }
            }
            #expect(drained.runner.attempts.isEmpty)
        }
    }

    @Test func `a server that is gone for a week is forgotten once it has been watched for a lease`() async throws {
        let database = try await TestDatabase.make()
        let gone = try await database.addNode(name: "gone", leaseSeconds: 1)
        let alive = try await database.addNode(name: "alive", leaseSeconds: 1)
        for node in [gone, alive] { try await age(node, in: database) }
        let engine = try await TestEngine(database, leaseSeconds: 2)
        try await engine.whileRunning {
            try await eventually("the one that is gone is forgotten") {
                // As after a step of the clock: the lease reads as long lapsed whenever the reaper looks.
                #expect(try await database.store.renewLease(of: alive, running: 0))
                try await age(alive, in: database)
                return try await !database.store.nodes().contains { $0.id == gone.id }
            }
            #expect(try await database.store.nodes().contains { $0.id == alive.id })
        }
    }

    private func age(_ node: Node, in database: TestDatabase) async throws {
        _ = try await database.pool.execute(
            """
            UPDATE qkron.nodes SET lease_expires_at = clock_timestamp() - interval '8 days' WHERE id = \(node.id.uuid)
            """)
    }
}
