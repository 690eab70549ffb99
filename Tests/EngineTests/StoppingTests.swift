import Domain
import Foundation
import ServiceLifecycle
import Storage
import TestSupport
import Testing

@testable import Engine

@Suite struct StoppingTests {
    @Test func `a server that stops waits for what runs`() async throws {
        let database = try await TestDatabase.make()
        let gate = Gate()
        let runner = FakeRunner { _ in
            await gate.untilOpen()
            return AttemptReport(outcome: Task.isCancelled ? .cancelled(.requested) : .succeeded)
        }
        let engine = try await TestEngine(database, runner: runner)
        let task = try await database.addTask()
        let id = try await database.addRun(of: task)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await engine.group.run() }
            try await eventually("it runs") { engine.running.count == 1 }
            await engine.group.triggerGracefulShutdown()
            gate.open()
            try await group.waitForAll()
        }
        #expect(try await database.execution(id).status == .completed)
        #expect(try await database.store.busyNodes(except: Identifier()).isEmpty)
    }

    @Test func `what outlasts the grace is ended, recorded and tried again`() async throws {
        let database = try await TestDatabase.make()
        let engine = try await TestEngine(
            database, runner: .enduring(), capacity: 1, shutdownGrace: .milliseconds(50))
        let task = try await database.addTask()
        let id = try await database.addRun(of: task)
        let other = try await database.addTask()
        try await engine.whileRunning {
            try await eventually("it runs") { engine.running.count == 1 }
            _ = try await database.addRun(of: other)
        }
        #expect(engine.runner.attempts.count == 1, "nothing more is begun by a server that stops")
        let execution = try await database.execution(id)
        #expect(execution.status == .failed && execution.reason == .shutdown)
        let retry = try #require(try await database.executions(of: task).first { $0.trigger == .retry })
        #expect(retry.status == .pending && retry.retryOf == id)

        let next = try await TestEngine(database, id: engine.node.id)
        try await next.whileRunning {
            try await eventually("the retry has run") { try await database.execution(retry.id).status == .completed }
        }
        #expect(next.runner.attempts.filter { $0.taskID == task.id }.map(\.attempt) == [2])
        #expect(try await database.task(task).status == .completed)
    }

    @Test func `another server takes up at once what one that stops leaves`() async throws {
        let database = try await TestDatabase.make()
        let (leaving, idle) = (
            try await TestEngine(database, runner: .enduring(), shutdownGrace: .milliseconds(50)),
            try await TestEngine(database, isWokenOnly: true)
        )
        let task = try await database.addTask { $0.overlapPolicy = .queue }
        _ = try await database.addRun(of: task, trigger: .manual)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await leaving.group.run() }
            try await eventually("it runs") { leaving.running.count == 1 }
            let second = try await database.addRun(of: task, trigger: .manual)
            try await idle.whileRunning {
                try await idle.becomeWell()
                await leaving.group.triggerGracefulShutdown()
                try await eventually("the retry and the second have run") {
                    try await database.executions(of: task).count { $0.status == .completed } == 2
                }
            }
            #expect(try await database.execution(second).status == .completed)
            try await group.waitForAll()
        }
    }

    @Test func `what is about to begin when a server is replaced reaches the next one`() async throws {
        let database = try await TestDatabase.make()
        let gate = Gate()
        let runner = FakeRunner { _ in
            await gate.untilOpen()
            return nil
        }
        let engine = try await TestEngine(database, runner: runner)
        let id = try await database.addRun(of: try await database.addTask())
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await engine.group.run() }
            try await eventually("it is granted") { !runner.attempts.isEmpty }
            engine.handover.begin()
            await engine.group.triggerGracefulShutdown()
            try await Task.sleep(for: .milliseconds(200))  // It could be let go of.
            gate.open()
            try await group.waitForAll()
        }
        #expect(runner.attemptsLeft.map(\.execution) == [id])
        #expect(try await database.execution(id).status == .running)
    }

    @Test func `a server whose node began elsewhere stops by itself`() async throws {
        let database = try await TestDatabase.make()
        let engine = try await TestEngine(database, leaseSeconds: 1)
        await #expect(throws: NodeSuperseded.self) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await engine.group.run() }
                try await engine.becomeWell()
                _ = try await database.addNode(engine.node.id)
                try await group.waitForAll()
            }
        }
    }
}
