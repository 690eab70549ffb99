import Domain
import Foundation
import Postgres
import Storage
import TestSupport
import Testing

@testable import Operations

@Suite struct RerunTests {
    @Test func `a rerun takes over the slot of the run that it repeats`() async throws {
        let operations = try await TestOperations()
        let (database, alice) = (operations.database, Caller(operations.alice))
        let task = try await operations.make()
        let slot = Date(timeIntervalSince1970: 1_700_000_000)
        let old = try await database.addRun(of: task, slot: slot)
        await expectRefused(.invalidTransition) { try await operations.tasks.rerun(old, of: task.id, as: alice) }
        try await operations.executions.cancel(old, of: task.id, as: alice)
        for _ in 0..<2 {
            let made = try await database.execution(try await operations.tasks.rerun(old, of: task.id, as: alice))
            #expect(made.trigger == .manual && made.scheduledFor == slot && made.retryOf == old)
            #expect(made.status == .pending && made.attemptNumber == 0)
        }
        let told = try await database.pool.query(
            "SELECT resource_id, actor_name FROM qkron.audit WHERE action = 'execution.rerun'")
        #expect(told.count == 2)
        #expect(try told[0].decode("resource_id", as: String.self) == old.description)
        #expect(try told[0].decode("actor_name", as: String.self) == "alice")
    }

    @Test func `a rerun is refused as a run is`() async throws {
        let operations = try await TestOperations()
        let (database, alice, tasks) = (operations.database, Caller(operations.alice), operations.tasks)
        let task = try await operations.make()
        let other = try await operations.make()
        let old = try await database.addRun(of: task)
        try await operations.executions.cancel(old, of: task.id, as: alice)
        await expectRefused(.notFound) { try await tasks.rerun(Identifier(), of: task.id, as: alice) }
        await expectRefused(.notFound) { try await tasks.rerun(old, of: other.id, as: alice) }
        await expectRefused(.notFound) { try await tasks.rerun(old, of: Identifier(), as: alice) }
        await expectRefused(.notOwner) { try await tasks.rerun(old, of: task.id, as: Caller(operations.bob)) }
        _ = try await operations.change(task) { $0.dependencies = .value([other.id]) }
        await expectRefused(.dependenciesUnsatisfied) { try await tasks.rerun(old, of: task.id, as: alice) }
        let failed = try #require(try await database.executions(of: task).first { $0.status == .failed })
        #expect(failed.retryOf == old && failed.reason == .dependency && failed.trigger == .manual)
        _ = try await operations.change(task) { $0.cancels = true }
        await expectRefused(.taskCancelled) { try await tasks.rerun(old, of: task.id, as: alice) }
    }
}
