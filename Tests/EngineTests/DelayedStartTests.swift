import Domain
import Foundation
import Postgres
import Scheduling
import Storage
import TestSupport
import Testing

@testable import Engine

@Suite struct DelayedStartTests {
    /// A task due every so many seconds from the last whole minute on.
    private func add(_ database: TestDatabase, every seconds: Int, jitter: Int) async throws -> TaskDefinition {
        let start = try await database.second()
        return try await database.addTask {
            $0.timing.text = "\(seconds)s"
            $0.timing.anchor = start
            $0.nextRun = start.addingTimeInterval(Double(seconds))
            $0.jitter = jitter
            $0.overlapPolicy = .queue
        }
    }

    @Test func `a delayed run waits for its instant, and the worker wakes for it`() async throws {
        let database = try await TestDatabase.make()
        let task = try await add(database, every: 3, jitter: 2)
        try await TestEngine(database).whileRunning {
            try await eventually("three slots ran", within: .seconds(60)) {
                try await database.executions(of: task).count { $0.status == .completed } >= 3
            }
        }
        let jitter = Jitter(seconds: 2, task: task.id.uuid)
        let slots = try task.timing.slots()
        for run in try await database.executions(of: task) where run.status == .completed {
            let started = try #require(run.startedAt)
            let due = jitter.start(of: run.scheduledFor, in: slots)
            #expect(slots.contains(run.scheduledFor), "the slot itself does not move")
            #expect(started >= due)
            #expect(run.attemptNumber == 1 && run.reason == nil)
        }
    }

    @Test func `while all firing is paused nothing fires, and afterwards it goes on from then`() async throws {
        let database = try await TestDatabase.make()
        let task = try await add(database, every: 1, jitter: 0)
        let engine = try await TestEngine(database)
        try await engine.whileRunning {
            try await eventually("it runs") { try await database.task(task).lastRun != nil }
            _ = try await database.database.transaction { try await $0.pauseFiring(by: nil) }
            let paused = try await database.task(task)
            let before = try await database.executions(of: task)
            try await eventually("slots fell into the pause") {
                try await database.store.now() > (paused.nextRun ?? .distantFuture) + 2
            }
            #expect(try await database.task(task).nextRun == paused.nextRun && paused.isActive)
            #expect(try await database.executions(of: task).count == before.count)
            // By hand it may still be run.
            let byHand = try await database.addRun(of: task, trigger: .manual)
            engine.announcer.announce(.work)
            try await eventually("the run by hand has ended") {
                try await database.execution(byHand).status == .completed
            }
            _ = try await database.database.transaction { try await $0.resumeFiring() }
            engine.announcer.announce(.due)
            try await eventually("it runs again") {
                try await database.executions(of: task).count { $0.trigger == .schedule } > before.count
            }
        }
        let pause = try #require(try await database.store.pauses(since: .distantPast + 1e9).first)
        let resumed = try #require(pause.resumedAt)
        for run in try await database.executions(of: task) where run.trigger == .schedule {
            #expect(run.scheduledFor < pause.pausedAt || run.scheduledFor > resumed)
            #expect(run.reason == nil)
        }
    }
}
