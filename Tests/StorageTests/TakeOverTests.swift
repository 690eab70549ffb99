import Domain
import Foundation
import Postgres
import TestSupport
import Testing

@testable import Storage

@Suite struct TakeOverTests {
    /// Two runs of two tasks on one server.
    private func twoRuns(_ database: TestDatabase) async throws -> (node: Node, leases: [Lease]) {
        let node = try await database.addNode()
        for _ in 0..<2 { _ = try await database.addRun(of: try await database.addTask()) }
        let leases = try await database.claim(for: node)
        return (node, leases.sorted { $0.taskID.description < $1.taskID.description })
    }

    private func takeOver(_ attempts: [AttemptID], as node: Node, in database: TestDatabase) async throws
        -> Set<AttemptID>
    {
        try await database.database.transaction { store in
            let (node, _) = try await store.register(
                node.id, name: "node", version: "test", labels: [], capacity: 10, leaseSeconds: 30)
            return try await store.takeOver(attempts, for: node)
        }
    }

    @Test func `a later start carries on with what still runs, and with no more`() async throws {
        let database = try await TestDatabase.make()
        let (node, leases) = try await twoRuns(database)
        try await database.finish([FinishedAttempt(leases[0], .succeeded)])
        let older = AttemptID(execution: leases[1].executionID, fencingToken: leases[1].fencingToken - 1)
        let taken = try await takeOver(leases.map(\.attemptID) + [older], as: node, in: database)
        #expect(taken == [leases[1].attemptID])
        #expect(try await database.finish([FinishedAttempt(leases[1], .succeeded)]) == [leases[1].executionID])
    }

    @Test(arguments: [[0, 1], [1, 0]])
    func `a start and whoever changes several of its runs wait for each other in one order`(order: [Int]) async throws {
        let database = try await TestDatabase.make()
        let (node, leases) = try await twoRuns(database)
        let (begun, begin) = AsyncStream<Void>.makeStream()
        async let taken = {
            for await _ in begun {}
            return try await takeOver(leases.reversed().map(\.attemptID), as: node, in: database)
        }()
        try await database.database.transaction { store in
            _ = try await store.lockTasks(Set(leases.map(\.taskID)))
            _ = try await store.cancelUnfinished(of: [leases[order[0]].taskID], reason: .requested)
            begin.finish()
            try await eventually("the start waits") {
                try await database.pool.value(
                    """
                    SELECT count(*) > 0 AS value FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event_type = 'Lock'
                    """)
            }
            _ = try await store.cancelUnfinished(of: [leases[order[1]].taskID], reason: .requested)
        }
        #expect(try await taken == Set(leases.map(\.attemptID)))
        let wishes = try await database.store.wishes(for: leases)
        #expect(wishes.map(\.wish) == [.end(.requested), .end(.requested)])
    }
}
