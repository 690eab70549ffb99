import Domain
import Foundation
import Storage
import TestSupport
import Testing

/// Slots that start in the transaction that fires them.
@Suite struct SlotStartTests {
    private func slot(of task: TaskDefinition, at moment: Date) -> NewExecution {
        NewExecution(
            task: task.id, trigger: .schedule, scheduledFor: moment, status: .pending, reason: nil, priority: 5)
    }

    private func fire(
        _ executions: [NewExecution], starting: [NewExecution], on node: Node, in database: TestDatabase
    ) async throws -> FiredSlots {
        let moves = Set(executions.map(\.task)).map { (task: $0, nextRun: Date?.none) }
        return try await database.database.transaction { store in
            try await store.fire(executions, starting: starting.map(\.id), on: node, moving: moves)
        }
    }

    @Test func `a started slot is a claimed one, lease and task alike`() async throws {
        let database = try await TestDatabase.make()
        let node = try await database.addNode()
        let task = try await database.addTask()
        let execution = slot(of: task, at: try await database.second())
        let fired = try await fire([execution], starting: [execution], on: node, in: database)
        let lease = try #require(fired.leases.first)
        #expect(fired.made == [execution.id] && fired.leases.count == 1)
        #expect(lease.executionID == execution.id && lease.attempt == 1 && lease.isFirstAttempt)
        #expect(lease.action.parameters == task.action.parameters && lease.scheduledFor == execution.scheduledFor)
        let granted = try await database.store.runningAttempts(of: node.id, epochs: node.epoch...node.epoch)
        #expect(granted.map(\.fencingToken) == [lease.fencingToken])
        let found = try await database.execution(execution.id)
        #expect(found.status == .running && found.startedAt == lease.grantedAt && found.attemptNumber == 1)
        #expect(found.node == node.name)
        let running = try #require(try await database.store.task(task.id))
        #expect(running.status == .running && running.lastRun == found.startedAt && running.nextRun == nil)
        #expect(try await database.claim(for: node).isEmpty)
        try await database.finish([FinishedAttempt(lease, .succeeded)])
        let ended = try #require(try await database.store.task(task.id))
        #expect(ended.status == .completed && ended.retryCount == 0)
    }

    @Test func `what is not started waits, and a slot fired twice keeps its first execution`() async throws {
        let database = try await TestDatabase.make()
        let node = try await database.addNode()
        let task = try await database.addTask { $0.overlapPolicy = .queue }
        let second = try await database.second()
        let slots = (0..<3).map { slot(of: task, at: second.addingTimeInterval(Double($0))) }
        let fired = try await fire(slots, starting: [slots[0]], on: node, in: database)
        #expect(fired.made.count == 3 && fired.leases.map(\.executionID) == [slots[0].id])
        #expect(try await database.execution(slots[1].id).status == .pending)
        let again = slot(of: task, at: second)
        let refired = try await fire([again], starting: [again], on: node, in: database)
        #expect(refired.made.isEmpty && refired.leases.isEmpty)
        #expect(try await database.claim(for: node).isEmpty, "the second waits for the first")
    }

    @Test func `a server without the right to claim starts nothing`() async throws {
        let database = try await TestDatabase.make()
        let draining = try await database.addNode()
        _ = try await database.store.setDraining(true, draining.id)
        let lapsed = try await database.addNode()
        try await database.lapse(lapsed)
        let before = try await database.addNode()
        _ = try await database.addNode(before.id)
        for node in [draining, lapsed, before] {
            let task = try await database.addTask()
            let execution = slot(of: task, at: try await database.second())
            let fired = try await fire([execution], starting: [execution], on: node, in: database)
            #expect(fired.made == [execution.id] && fired.leases.isEmpty)
            #expect(try await database.execution(execution.id).status == .pending)
        }
    }
}
