import Domain
import Foundation
import Postgres
import TestSupport
import Testing

@testable import Storage

@Suite struct CancelTests {
    private func cancel(
        _ database: TestDatabase, _ task: TaskDefinition, only: Identifier<Execution>? = nil,
        reason: Reason = .requested
    ) async throws -> Bool {
        try await database.database.transaction { store in
            _ = try await store.lockTask(task.id)
            return try await store.cancelUnfinished(of: [task.id], only: only, reason: reason).hasWishes
        }
    }

    @Test func `a waiting execution is cancelled at once and its task untouched`() async throws {
        let database = try await TestDatabase.make()
        let task = try await database.addTask()
        let id = try await database.addRun(of: task)
        #expect(try await cancel(database, task) == false)
        let execution = try await database.execution(id)
        #expect(execution.status == .cancelled && execution.reason == .requested)
        #expect(execution.startedAt == nil && execution.endedAt != nil)
        #expect(try await database.task(task).status == .pending)
    }

    @Test func `cancelling between two attempts ends the run and its task`() async throws {
        let database = try await TestDatabase.make()
        let task = try await database.addTask()
        let node = try await database.addNode()
        let id = try await database.addRun(of: task)
        let lease = try #require(try await database.claim(for: node).first)
        try await database.finish([FinishedAttempt(lease, .failed(.exitCode), returnCode: 4)])
        #expect(try await cancel(database, task) == false)
        let execution = try await database.execution(id)
        #expect(execution.status == .cancelled && execution.reason == .requested && execution.returnCode == 4)
        #expect(try await database.task(task).status == .failed)
        #expect(try await database.claim(for: node).isEmpty)
    }

    @Test func `a waiting retry that is cancelled ends what its task showed as running`() async throws {
        let database = try await TestDatabase.make()
        let task = try await database.addTask()
        let node = try await database.addNode()
        _ = try await database.addRun(of: task)
        let lease = try #require(try await database.claim(for: node).first)
        try await database.finish([FinishedAttempt(lease, .lost)])
        #expect(try await database.task(task).status == .running)
        _ = try await cancel(database, task)
        #expect(try await database.task(task).status == .failed)
    }

    @Test func `a running execution gets a wish, and the first reason stays`() async throws {
        let database = try await TestDatabase.make()
        let task = try await database.addTask()
        let node = try await database.addNode()
        let id = try await database.addRun(of: task)
        let lease = try #require(try await database.claim(for: node).first)
        #expect(try await database.store.wishes(for: [lease]).isEmpty)
        #expect(try await cancel(database, task, reason: .superseded))
        #expect(try await cancel(database, task, reason: .requested))
        #expect(try await database.execution(id).status == .running)
        let wishes = try await database.store.wishes(for: [lease])
        #expect(wishes.map(\.token) == [lease.fencingToken] && wishes.map(\.wish) == [.end(.superseded)])
    }

    @Test func `reasons that only a newer server knows are handed on as they are`() async throws {
        let database = try await TestDatabase.make()
        let task = try await database.addTask { $0.overlapPolicy = .allow }
        let node = try await database.addNode()
        let ended = try await database.addRun(of: task, trigger: .manual)
        try await database.pool.execute(
            """
            UPDATE qkron.executions
            SET status = 'cancelled', reason = 'of_the_future', ended_at = clock_timestamp()
            WHERE id = \(ended.uuid)
            """)
        _ = try await database.addRun(of: task, trigger: .manual)
        let lease = try #require(try await database.claim(for: node).first)
        try await database.pool.execute(
            "UPDATE qkron.executions SET cancel_reason = 'wish_of_the_future' WHERE status = 'running'")
        #expect(try await database.execution(ended).reason?.rawValue == "of_the_future")
        #expect(try await database.executions(of: task).compactMap(\.reason?.rawValue) == ["of_the_future"])
        let wish = try #require(try await database.store.wishes(for: [lease]).first?.wish)
        guard case .end(let reason) = wish else { throw TestFailure("an end was wished: \(wish)") }
        try await database.finish([FinishedAttempt(lease, .cancelled(reason))])
        #expect(try await database.execution(lease.executionID).reason?.rawValue == "wish_of_the_future")
    }

    @Test func `waiting ones that end are counted by kind, and those that are spared go on`() async throws {
        let database = try await TestDatabase.make()
        let (one, two) = (try await database.addTask(), try await database.addTask())
        try await database.pool.execute("UPDATE qkron.tasks SET task_type = 'other' WHERE id = \(two.id.uuid)")
        var ids: [Identifier<Execution>] = []
        for task in [one, one, one, two] { ids.append(try await database.addRun(of: task, trigger: .manual)) }
        let spared = ids[0]
        let cancellation = try await database.database.transaction { store in
            try await store.cancelUnfinished(of: [one.id, two.id], sparing: [spared], reason: .superseded)
        }
        #expect(cancellation.ended == [.command: 2, ActionKind(rawValue: "other"): 1] && !cancellation.hasWishes)
        #expect(try await database.execution(spared).status == .pending)
    }

    @Test func `only the execution that is named is cancelled`() async throws {
        let database = try await TestDatabase.make()
        let task = try await database.addTask()
        var ids: [Identifier<Execution>] = []
        for _ in 0..<3 { ids.append(try await database.addRun(of: task, trigger: .manual)) }
        _ = try await cancel(database, task, only: ids[1])
        #expect(try await database.execution(ids[1]).status == .cancelled)
        #expect(try await database.execution(ids[0]).status == .pending)
        #expect(try await database.execution(ids[2]).status == .pending)
    }

    @Test func `cancelling and claiming at once end in one of two ways`() async throws {
        for _ in 0..<20 {
            let database = try await TestDatabase.make()
            let task = try await database.addTask()
            let node = try await database.addNode()
            let id = try await database.addRun(of: task)
            async let wished = cancel(database, task)
            async let leases = database.claim(for: node)
            let (isWished, granted) = (try await wished, try await leases)
            let status = try await database.execution(id).status
            if granted.isEmpty {
                #expect(status == .cancelled && !isWished)
            } else {
                #expect(status == .running && isWished)
                #expect(try await database.store.wishes(for: granted).map(\.wish) == [.end(.requested)])
            }
        }
    }
}
