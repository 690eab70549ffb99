import Domain
import Foundation
import Postgres
import Storage
import TestSupport
import Testing

@testable import Operations

@Suite struct DependencyTests {
    @Test func `tasks depend on one's own tasks, and superusers' on anybody's`() async throws {
        let operations = try await TestOperations()
        let (alice, root) = (Caller(operations.alice), Caller(operations.root))
        let first = try await operations.make()
        let foreign = try await operations.tasks.create(operations.draft(), as: Caller(operations.bob))
        let unknown = Identifier<TaskDefinition>()
        let second = try await operations.make { $0.dependencies = .value([first.id, first.id]) }
        #expect(second.dependencies == [first.id])
        #expect(try await operations.tasks.find(second.id, as: alice).dependencies == [first.id])
        for id in [foreign.id, unknown] {
            let named: Sent<[Identifier<TaskDefinition>]?> = .value([first.id, id])
            let expected = ["dependencies.1: unknown_dependency"]
            #expect(await faults { try await operations.make { $0.dependencies = named } } == expected)
            #expect(await faults { try await operations.change(second) { $0.dependencies = named } } == expected)
        }
        let mixed = await faults {
            try await operations.make {
                $0.dependencies = .value([unknown])
                $0.schedule = .value("61 * * * *")
            }
        }
        #expect(mixed == ["dependencies.0: unknown_dependency", "schedule: value_error"])
        var draft = TaskDraft()
        draft.dependencies = .value([first.id, foreign.id])
        #expect(try await operations.tasks.update(second.id, with: draft, as: root).dependencies?.count == 2)
        // What is there already may stay, whosever it is and whether it still exists.
        try await operations.tasks.delete(foreign.id, as: root)
        draft.dependencies = .value([foreign.id])
        #expect(try await operations.tasks.update(second.id, with: draft, as: alice).dependencies == [foreign.id])
        draft.dependencies = .value(nil)
        #expect(try await operations.tasks.update(second.id, with: draft, as: alice).dependencies == nil)
    }

    @Test func `no task waits for itself, be it by way of others`() async throws {
        let operations = try await TestOperations()
        let first = try await operations.make()
        let second = try await operations.make { $0.dependencies = .value([first.id]) }
        let third = try await operations.make { $0.dependencies = .value([second.id]) }
        #expect(
            await faults { try await operations.change(first) { $0.dependencies = .value([first.id]) } }
                == ["dependencies.0: dependency_cycle"])
        #expect(
            await faults { try await operations.change(first) { $0.dependencies = .value([third.id]) } }
                == ["dependencies: dependency_cycle"])
        #expect(try await operations.database.task(first).dependencies == nil)
        let free = try await operations.make { $0.dependencies = .value([third.id, first.id]) }
        #expect(try await operations.change(free) { $0.dependencies = .value([second.id]) }.dependencies == [second.id])
    }

    @Test func `of two changes that would close a circle together, one is refused`() async throws {
        let operations = try await TestOperations()
        for _ in 0..<10 {
            let pair = [try await operations.make(), try await operations.make()]
            let refused = await withTaskGroup(of: [String].self) { group in
                for (task, other) in [(pair[0], pair[1]), (pair[1], pair[0])] {
                    group.addTask {
                        do {
                            _ = try await operations.change(task) { $0.dependencies = .value([other.id]) }
                            return []
                        } catch OperationError.invalid(let faults) {
                            return faults.map(\.type)
                        } catch {
                            return ["\(error)"]
                        }
                    }
                }
                return await group.reduce(into: []) { $0 += $1 }
            }
            #expect(refused == ["dependency_cycle"])
        }
    }

    @Test func `a change of what depends on what waits for the one before it`() async throws {
        let operations = try await TestOperations()
        let database = operations.database
        let (first, second) = (try await operations.make(), try await operations.make())
        var changed = first
        changed.dependencies = [second.id]
        let before = changed
        @Sendable func locks(granted: Bool) async throws -> Int {
            try await database.pool.value(
                """
                SELECT count(*) AS value FROM pg_locks
                WHERE locktype = 'advisory' AND granted = \(granted)
                  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                """)
        }
        async let committed: Void = database.database.transaction { store in
            try await store.lockDependencies()
            try await store.update(before, timingChangedAt: nil, at: try await store.now())
            try await eventually("the other change waits") { try await locks(granted: false) == 1 }
        }
        try await eventually("the first change holds the lock") { try await locks(granted: true) == 1 }
        let refused = await faults { try await operations.change(second) { $0.dependencies = .value([first.id]) } }
        try await committed
        #expect(refused == ["dependencies: dependency_cycle"])
    }

    @Test func `a run by hand needs its dependencies to be active and completed`() async throws {
        let operations = try await TestOperations()
        let alice = Caller(operations.alice)
        let first = try await operations.make { $0.name = .value("extract") }
        let task = try await operations.make { $0.dependencies = .value([first.id]) }
        for (status, isActive, isSatisfied) in [
            ("pending", true, false), ("failed", true, false), ("running", true, false), ("completed", false, false),
            ("completed", true, true),
        ] {
            try await operations.database.pool.execute(
                """
                UPDATE qkron.tasks SET status = \(status), is_active = \(isActive), next_run = NULL
                WHERE id = \(first.id.uuid)
                """)
            let known = try await operations.tasks.dependencies(of: task.id, as: alice)
            #expect(known.map(\.name) == ["extract"] && known.map(\.dependency.isSatisfied) == [isSatisfied])
            guard !isSatisfied else { break }
            await expectRefused(.dependenciesUnsatisfied) { try await operations.tasks.execute(task.id, as: alice) }
        }
        let failed = try await operations.database.executions(of: task)
        #expect(failed.count == 4)
        for execution in failed {
            #expect(execution.status == .failed && execution.reason == .dependency && execution.trigger == .manual)
            #expect(execution.error?.contains("'extract' \(first.id)") == true && execution.endedAt != nil)
        }
        #expect(failed.contains { $0.error?.contains("(completed, inactive)") == true })
        #expect(try await operations.database.task(task).status == .pending)
        let execution = try await operations.tasks.execute(task.id, as: alice)
        #expect(try await operations.database.execution(execution).status == .pending)
    }

    @Test func `a deleted task stays in the lists of others, unsatisfied and without a name`() async throws {
        let operations = try await TestOperations()
        let alice = Caller(operations.alice)
        let first = try await operations.make()
        let task = try await operations.make { $0.dependencies = .value([first.id]) }
        try await operations.tasks.delete(first.id, as: alice)
        let known = try await operations.tasks.dependencies(of: task.id, as: alice)
        #expect(known.map(\.dependency) == [Dependency(id: first.id, standing: nil)] && known.map(\.name) == [nil])
        await expectRefused(.dependenciesUnsatisfied) { try await operations.tasks.execute(task.id, as: alice) }
        let error = try await operations.database.executions(of: task).first?.error
        #expect(error?.contains("\(first.id) (deleted)") == true)
    }

    @Test func `the name of a stranger's task is told nobody else`() async throws {
        let operations = try await TestOperations()
        let foreign = try await operations.tasks.create(
            operations.draft { $0.name = .value("hers alone") }, as: Caller(operations.bob))
        let task = try await operations.make()
        var draft = TaskDraft()
        draft.dependencies = .value([foreign.id])
        _ = try await operations.tasks.update(task.id, with: draft, as: Caller(operations.root))
        let known = try await operations.tasks.dependencies(of: task.id, as: Caller(operations.alice))
        #expect(known.map(\.name) == [nil] && known.map(\.dependency.standing?.status) == [.pending])
        #expect(
            try await operations.tasks.dependencies(of: task.id, as: Caller(operations.root)).map(\.name)
                == ["hers alone"])
        await expectRefused(.dependenciesUnsatisfied) {
            try await operations.tasks.execute(task.id, as: Caller(operations.alice))
        }
        #expect(try await operations.database.executions(of: task).first?.error?.contains("hers") == false)
    }
}
