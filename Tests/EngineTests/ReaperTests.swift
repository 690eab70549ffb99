import Domain
import Foundation
import Postgres
import Storage
import TestSupport
import Testing

@testable import Engine

@Suite struct ReaperTests {
    private func leftRun(
        _ database: TestDatabase, leaseSeconds: Int, id: Identifier<Node> = Identifier()
    ) async throws -> (task: TaskDefinition, node: Node, lease: Lease) {
        let node = try await database.addNode(id, leaseSeconds: 3_600)
        let task = try await database.addTask()
        _ = try await database.addRun(of: task)
        let lease = try #require(try await database.claim(for: node).first { $0.taskID == task.id })
        try await database.pool.execute(
            """
            UPDATE qkron.nodes
            SET lease_seconds = \(leaseSeconds), lease_expires_at = now() + make_interval(secs => \(leaseSeconds))
            WHERE id = \(node.id.uuid)
            """)
        return (task, node, lease)
    }

    @Test func `a dead server's run is recorded lost once, and retried`() async throws {
        let database = try await TestDatabase.make()
        let (task, _, lease) = try await leftRun(database, leaseSeconds: 1)
        let (one, two) = (
            try await TestEngine(database, leaseSeconds: 1), try await TestEngine(database, leaseSeconds: 1)
        )
        try await one.whileRunning {
            try await two.whileRunning {
                try await eventually("the retry has run") {
                    try await database.executions(of: task).contains { $0.trigger == .retry && $0.status == .completed }
                }
            }
        }
        let lost = try await database.execution(lease.executionID)
        #expect(lost.status == .failed && lost.reason == .lost && lost.error?.contains("interrupted") == true)
        #expect(try await database.executions(of: task).count == 2)
        #expect((one.runner.leftovers + two.runner.leftovers).contains(lease.executionID))
        #expect((one.runner.attempts + two.runner.attempts).map(\.attempt) == [2])
        #expect(try await database.finish([FinishedAttempt(lease, .succeeded)]).isEmpty)
    }

    @Test func `a task that somebody else holds for long keeps no other lost run from being recorded`() async throws {
        let database = try await TestDatabase.make(poolSize: 6)
        let holder = database.secondPool(size: 1)
        let held = try await leftRun(database, leaseSeconds: 3_600)
        let other = try await database.addRun(of: try await database.addTask())
        #expect(try await database.claim(for: held.node).map(\.executionID) == [other])
        // Later starts of the same server settle at once what the earlier one left.
        try await holder.withTransaction { transaction in
            _ = try await transaction.query("SELECT FROM qkron.tasks WHERE id = \(held.task.id.uuid) FOR UPDATE")
            try await TestEngine(database, id: held.node.id).whileRunning {
                try await eventually("the other is lost", within: .seconds(15)) {
                    try await database.execution(other).reason == .lost
                }
            }
            #expect(try await database.execution(held.lease.executionID).status == .running)
        }
        try await TestEngine(database, id: held.node.id).whileRunning {
            try await eventually("both are") { try await database.execution(held.lease.executionID).reason == .lost }
        }
        await holder.close()
    }

    @Test func `another server repeats at once what the one that reaped has no room for`() async throws {
        let database = try await TestDatabase.make()
        let idle = try await TestEngine(database, isWokenOnly: true)
        try await idle.whileRunning {
            try await idle.becomeWell()
            let (task, _, lease) = try await leftRun(database, leaseSeconds: 1)
            let full = try await TestEngine(database, capacity: 0, leaseSeconds: 1)
            try await full.whileRunning {
                try await eventually("the run is recorded lost") {
                    try await database.execution(lease.executionID).reason == .lost
                }
                try await eventually("the retry has run") {
                    try await database.executions(of: task).contains { $0.status == .completed }
                }
            }
        }
        #expect(idle.runner.attempts.count == 1)
    }

    @Test func `a server that starts again settles its predecessor's runs at once`() async throws {
        let database = try await TestDatabase.make()
        let (task, node, lease) = try await leftRun(database, leaseSeconds: 3_600)
        let engine = try await TestEngine(database, id: node.id, leaseSeconds: 3_600)
        try await engine.whileRunning {
            try await eventually("the retry has run", within: .seconds(60)) {
                try await database.executions(of: task).contains { $0.trigger == .retry && $0.status == .completed }
            }
        }
        #expect(engine.runner.leftovers == [lease.executionID])
        #expect(try await database.execution(lease.executionID).reason == .lost)
    }

    @Test func `a server that stirs keeps its runs, and one that gave up its lease does not`() async throws {
        let database = try await TestDatabase.make()
        let (_, node, lease) = try await leftRun(database, leaseSeconds: 1)
        // It has no room for what others are to be granted.
        let engine = try await TestEngine(database, capacity: 0, leaseSeconds: 1)
        try await engine.whileRunning {
            // Whoever has found one dead that began later and does not stir has looked at this one as well.
            for _ in 0..<2 {
                let other = try await leftRun(database, leaseSeconds: 1)
                try await eventually("a server that does not stir is found dead") {
                    #expect(try await database.store.renewLease(of: node, running: 1))
                    try await database.lapse(node)  // As a clock that was stepped would have it.
                    return try await database.execution(other.lease.executionID).reason == .lost
                }
            }
            #expect(try await database.execution(lease.executionID).status == .running)
            #expect(try await database.finish([FinishedAttempt(lease, .succeeded)]) == [lease.executionID])
        }
    }
}
