import Domain
import Foundation
import Storage
import TestSupport
import Testing

@testable import Operations

@Suite struct TaskRightsTests {
    @Test func `an owner and a superuser may all, another user nothing`() async throws {
        let operations = try await TestOperations()
        let task = try await operations.make()
        var rename = TaskDraft()
        rename.name = .value("renamed")
        for person in [operations.alice, operations.root] {
            #expect(try await operations.tasks.find(task.id, as: Caller(person)).id == task.id)
            #expect(try await operations.tasks.update(task.id, with: rename, as: Caller(person)).name == "renamed")
        }
        let (tasks, bob) = (operations.tasks, operations.bob)
        let change = rename
        await expectRefused(.notOwner) { try await tasks.find(task.id, as: Caller(bob)) }
        await expectRefused(.notOwner) { try await tasks.update(task.id, with: change, as: Caller(bob)) }
        await expectRefused(.notOwner) { try await tasks.pause(task.id, as: Caller(bob)) }
        await expectRefused(.notOwner) { try await tasks.resume(task.id, as: Caller(bob)) }
        await expectRefused(.notOwner) { try await tasks.execute(task.id, as: Caller(bob)) }
        await expectRefused(.notOwner) { try await tasks.delete(task.id, as: Caller(bob)) }
        await expectRefused(.notOwner) {
            try await operations.executions.list(
                of: task.id, ExecutionFilter(), .page(number: 1, size: 20), as: Caller(bob))
        }
        let execution = try await tasks.execute(task.id, as: Caller(operations.root))
        await expectRefused(.notOwner) { try await operations.executions.find(execution, of: task.id, as: Caller(bob)) }
        await expectRefused(.notOwner) {
            try await operations.executions.cancel(execution, of: task.id, as: Caller(bob))
        }
        #expect(
            try await operations.executions.find(execution, of: task.id, as: Caller(operations.alice)).id == execution)
    }

    @Test func `what is not there is not found, an execution of another task included`() async throws {
        let operations = try await TestOperations()
        let (tasks, executions, alice) = (operations.tasks, operations.executions, operations.alice)
        let (task, other) = (try await operations.make(), try await operations.make())
        let execution = try await tasks.execute(task.id, as: Caller(alice))
        await expectRefused(.notFound) { try await tasks.find(Identifier(), as: Caller(alice)) }
        await expectRefused(.notFound) { try await tasks.execute(Identifier(), as: Caller(alice)) }
        await expectRefused(.notFound) { try await tasks.pause(Identifier(), as: Caller(alice)) }
        await expectRefused(.notFound) { try await tasks.delete(Identifier(), as: Caller(alice)) }
        await expectRefused(.notFound) { try await executions.find(execution, of: other.id, as: Caller(alice)) }
        await expectRefused(.notFound) { try await executions.cancel(execution, of: other.id, as: Caller(alice)) }
        await expectRefused(.notFound) { try await executions.cancel(Identifier(), of: task.id, as: Caller(alice)) }
    }

    @Test func `lists hold what the reader may read, newest first`() async throws {
        let operations = try await TestOperations()
        var ids: [Identifier<TaskDefinition>] = []
        for _ in 0..<3 { ids.insert(try await operations.make().id, at: 0) }
        let theirs = try await operations.tasks.create(operations.draft(), as: Caller(operations.bob))
        let mine = try await operations.tasks.list(
            TaskFilter(), .page(number: 1, size: 2), as: Caller(operations.alice))
        #expect(mine.rows.map(\.id) == Array(ids.prefix(2)) && mine.total == 3)
        let rest = try await operations.tasks.list(
            TaskFilter(), .slice(skip: 2, limit: 10), as: Caller(operations.alice))
        #expect(rest.rows.map(\.id) == [ids[2]])
        let past = try await operations.tasks.list(
            TaskFilter(), .page(number: 9, size: 2), as: Caller(operations.alice))
        #expect(past.rows.isEmpty && past.total == 3)
        let all = try await operations.tasks.list(TaskFilter(), .page(number: 1, size: 9), as: Caller(operations.root))
        #expect(all.rows.map(\.id) == [theirs.id] + ids)
        var filter = TaskFilter()
        filter.owner = .user(operations.bob.id)
        let bobs = try await operations.tasks.list(filter, .page(number: 1, size: 9), as: Caller(operations.root))
        #expect(bobs.rows.map(\.id) == [theirs.id])
        for nobody in [Caller(.anonymous), Caller(.console)] {
            await expectRefused(.notAuthenticated) {
                try await operations.tasks.list(TaskFilter(), .page(number: 1, size: 9), as: nobody)
            }
        }
    }

    @Test func `filters let through what fits all of them`() async throws {
        let operations = try await TestOperations()
        let one = try await operations.make {
            $0.name = .value("Back_up 100%")
            $0.tags = .value(["a", "b"])
        }
        let two = try await operations.make {
            $0.tags = .value(["b"])
            $0.scheduleKind = .value(.interval)
            $0.schedule = .value("5m")
            $0.isActive = .value(false)
        }
        func found(_ change: (inout TaskFilter) -> Void) async throws -> [Identifier<TaskDefinition>] {
            var filter = TaskFilter()
            change(&filter)
            return try await operations.tasks.list(filter, .slice(skip: 0, limit: 9), as: Caller(operations.alice)).rows
                .map(
                    \.id)
        }
        #expect(try await found { $0.tags = ["b"] } == [two.id, one.id])
        #expect(try await found { $0.tags = ["b", "a"] } == [one.id])
        #expect(try await found { $0.tags = ["b,a"] } == [one.id])
        let whole = try await operations.change(two) { $0.tags = .value(["b", "x,y"]) }
        #expect(try await found { $0.tags = ["x,y"] } == [whole.id])
        #expect(try await found { $0.tags = ["x,y", "b"] } == [whole.id])
        #expect(try await found { $0.tags = ["x,y", "a"] } == [])
        #expect(try await found { $0.tags = ["y,x"] } == [])
        #expect(try await found { $0.tags = [","] } == [two.id, one.id], "no filter")
        #expect(try await found { $0.tags = Array(repeating: "x,y", count: 60) } == [])
        #expect(try await found { $0.namePart = "UP 100%" } == [one.id])
        #expect(try await found { $0.namePart = "_" } == [one.id])
        #expect(try await found { $0.isActive = false } == [two.id])
        #expect(try await found { $0.scheduleKind = .cron } == [one.id])
        #expect(try await found { $0.statuses = [.pending, .failed] }.count == 2)
        #expect(try await found { $0.statuses = [.failed] }.isEmpty)
        #expect(try await found { $0.kinds = [.command] }.count == 2)
        #expect(try await found { $0.owner = .user(operations.alice.id) }.count == 2)
        #expect(try await found { $0.owner = .user(operations.bob.id) }.isEmpty, "others' are not hers to read")
    }

    @Test func `only the roles that may make and run commands`() async throws {
        let operations = try await TestOperations(commandRoles: [.superuser])
        await expectRefused(.roleRequired) { try await operations.make() }
        let task = try await operations.tasks.create(operations.draft(), as: Caller(operations.root))
        #expect(task.ownerID == operations.root.id)
        let theirs = try await operations.database.addTask(owner: operations.alice)
        await expectRefused(.roleRequired) {
            try await operations.tasks.execute(theirs.id, as: Caller(operations.alice))
        }
    }

    @Test func `a viewer reads everybody's tasks without the values of their variables, and changes none`() async throws
    {
        let operations = try await TestOperations()
        let (tasks, executions) = (operations.tasks, operations.executions)
        let viewer = Caller(try await operations.database.addUser("vera", role: .viewer))
        let task = try await operations.make { $0.parameters["env"] = ["A": "secret"] }
        let run = try await tasks.execute(task.id, as: Caller(operations.alice))
        let masked: JSONValue = ["A": nil]
        #expect(try await tasks.find(task.id, as: viewer).action.parameters["env"] == masked)
        let list = try await tasks.list(TaskFilter(), .page(number: 1, size: 9), as: viewer)
        #expect(list.rows.map(\.action.parameters["env"]) == [masked])
        _ = try await executions.find(run, of: task.id, as: viewer)
        await expectRefused(.roleRequired) { try await tasks.create(operations.draft(), as: viewer) }
        await expectRefused(.roleRequired) { try await tasks.pause(task.id, as: viewer) }
        await expectRefused(.roleRequired) { try await tasks.execute(task.id, as: viewer) }
        await expectRefused(.roleRequired) { try await tasks.delete(task.id, as: viewer) }
        await expectRefused(.roleRequired) { try await executions.cancel(run, of: task.id, as: viewer) }
        let own = try await operations.database.addTask(owner: viewer.account()) {
            $0.action.parameters["env"] = ["A": "own"]
        }
        #expect(try await tasks.find(own.id, as: viewer).action.parameters["env"] == ["A": "own"])
        await expectRefused(.roleRequired) { try await tasks.delete(own.id, as: viewer) }
    }
}
