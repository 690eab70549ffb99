import Domain
import Foundation
import Postgres
import Scheduling
import Storage
import Synchronization
import TestSupport
import Testing

@testable import Engine

@Suite struct EngineTests {
    private func every(_ second: Date) -> (inout TaskDefinition) -> Void {
        { task in
            task.timing = TaskTiming(
                kind: .interval, text: "1s", timezone: "UTC", startsAt: nil, endsAt: nil, anchor: second, onceAt: nil)
            task.nextRun = second.addingTimeInterval(1)
            task.overlapPolicy = .queue
        }
    }

    @Test func `two servers run every slot of a task once, on its grid`() async throws {
        let database = try await TestDatabase.make(poolSize: 6)
        let start = try await database.second()
        let task = try await database.addTask(every(start))
        let (one, two) = (try await TestEngine(database), try await TestEngine(database))
        try await one.whileRunning {
            try await two.whileRunning {
                try await eventually("four slots have run") {
                    try await database.executions(of: task).count { $0.status == .completed } >= 4
                }
            }
        }
        let slots = try await database.executions(of: task).map(\.scheduledFor)
        #expect(slots == slots.indices.map { start.addingTimeInterval(Double($0) + 1) })
        let begun = (one.runner.attempts + two.runner.attempts).map(\.scheduledFor)
        #expect(Set(begun).count == begun.count)
    }

    @Test func `loops are well as soon as they are, not only after their first nap`() async throws {
        let database = try await TestDatabase.make()
        let engine = try await TestEngine(database)
        try await engine.whileRunning { try await engine.becomeWell() }
    }

    @Test func `what is announced starts before the nap is over`() async throws {
        let database = try await TestDatabase.make()
        let task = try await database.addTask()
        let (idle, other) = (
            try await TestEngine(database, isWokenOnly: true), try await TestEngine(database, capacity: 0)
        )
        try await other.whileRunning {
            try await idle.whileRunning {
                try await idle.becomeWell()
                for _ in 0..<3 {
                    let id = try await database.addRun(of: task, trigger: .manual)
                    other.announcer.announce(.work)
                    try await eventually("the run has completed") {
                        try await database.execution(id).status == .completed
                    }
                }
            }
        }
    }

    @Test func `capacity that comes free is used at once, and attempts without a delay follow each other`() async throws
    {
        let database = try await TestDatabase.make()
        let runner = FakeRunner { lease in
            AttemptReport(outcome: lease.attempt < 3 ? .failed(.exitCode) : .succeeded)
        }
        let engine = try await TestEngine(database, runner: runner, capacity: 1)
        var ids: [Identifier<Execution>] = []
        for _ in 0..<8 { ids.append(try await database.addRun(of: try await database.addTask())) }
        try await engine.whileRunning {
            // 24 turns: with a nap of ten seconds between them it would take minutes.
            try await eventually("all runs have ended") {
                try await database.store.statistics() == EngineStatistics(running: 0, pending: 0)
            }
        }
        for id in ids {
            let execution = try await database.execution(id)
            #expect(execution.status == .completed && execution.attemptNumber == 3)
        }
        #expect(runner.attempts.count == 24)
    }

    @Test func `of slots fired together the more urgent start first`() async throws {
        let database = try await TestDatabase.make()
        let engine = try await TestEngine(database, capacity: 1)
        try await engine.whileRunning {
            try await engine.becomeWell()
            let due = try await database.second().addingTimeInterval(2)
            for priority in [1, 10, 5] {
                _ = try await database.addTask { task in
                    task.priority = priority
                    task.timing = TaskTiming(
                        kind: .interval, text: "1h", timezone: "UTC", startsAt: nil, endsAt: nil,
                        anchor: due.addingTimeInterval(-3_600), onceAt: nil)
                    task.nextRun = due
                }
            }
            engine.signals.due.wake()
            try await eventually("all have run") { engine.runner.attempts.count == 3 }
        }
        var priorities: [Int] = []
        for attempt in engine.runner.attempts {
            priorities.append(try #require(try await database.store.task(attempt.taskID)).priority)
        }
        #expect(priorities == [10, 5, 1])
    }

    @Test func `a retry is in time although another run was taken up meanwhile`() async throws {
        let database = try await TestDatabase.make()
        let retried = try await database.addTask {
            $0.retryPolicy = RetryPolicy(maxRetries: 1, delay: 2, backoff: .fixed)
        }
        let other = try await database.addTask()
        let runner = FakeRunner { lease in
            guard lease.taskID == retried.id else {
                try? await Task.sleep(for: .seconds(3_600))
                return AttemptReport(outcome: .cancelled(.requested))
            }
            return AttemptReport(outcome: lease.attempt == 1 ? .failed(.exitCode) : .succeeded)
        }
        let engine = try await TestEngine(
            database, runner: runner, capacity: 2, shutdownGrace: .zero, isWokenOnly: true)
        let id = try await database.addRun(of: retried)
        try await engine.whileRunning {
            try await eventually("the first attempt has failed") {
                try await database.execution(id).reason == .retryDelay
            }
            _ = try await database.addRun(of: other)
            engine.signals.work.wake()
            try await eventually("the second attempt has succeeded") {
                try await database.execution(id).status == .completed
            }
        }
    }

    @Test func `a run whose task was locked for a moment starts soon after`() async throws {
        let database = try await TestDatabase.make()
        let (task, other) = (try await database.addTask(), try await database.addTask())
        let engine = try await TestEngine(database, isWokenOnly: true)
        try await engine.whileRunning {
            try await engine.becomeWell()
            let id = try await database.database.transaction { store in
                _ = try await store.lockTask(task.id)
                let id = try await database.addRun(of: task)
                let next = try await database.addRun(of: other)
                engine.signals.work.wake()
                // Whoever takes this one up has passed the other over.
                try await eventually("the worker has found the task locked") {
                    try await database.execution(next).status == .completed
                }
                return id
            }
            try await eventually("the run has completed") {
                try await database.execution(id).status == .completed
            }
        }
    }

    @Test func `a wish ends a running attempt as cancelled`() async throws {
        let database = try await TestDatabase.make()
        let task = try await database.addTask()
        let engine = try await TestEngine(database, runner: .enduring(), isWokenOnly: true)
        let id = try await database.addRun(of: task)
        try await engine.whileRunning {
            try await eventually("it runs") { engine.running.count == 1 }
            try await database.database.transaction { store in
                _ = try await store.lockTask(task.id)
                _ = try await store.cancelUnfinished(of: [task.id], reason: .requested)
            }
            engine.announcer.announce(.wishes)
            try await eventually("it is cancelled") {
                try await database.execution(id).status == .cancelled
            }
            #expect(try await database.execution(id).reason == .requested)
            try await eventually("its place is free") { engine.running.count == 0 }
        }
    }

    @Test(arguments: [false, true])
    func `a wish that came while a grant was on its way ends the attempt as well`(isAnswerLost: Bool) async throws {
        let database = try await TestDatabase.make()
        let (seen, late) = (try await database.addTask(), try await database.addTask())
        let engine = try await TestEngine(database, runner: .enduring(), isWokenOnly: true)
        let id = try await database.addRun(of: seen)
        try await engine.whileRunning {
            try await eventually("one runs") { engine.running.count == 1 }
            try await engine.becomeWell()
            let term = try await engine.term()
            let askedAt = ContinuousClock.now
            let run = NewExecution(
                task: late.id, trigger: .manual, scheduledFor: .now, status: .pending, reason: nil, priority: 5)
            // In one transaction, so that the engine itself never finds it.
            let lease = try await database.database.transaction { store in
                try await store.insert([run])
                return try #require(try await store.claim(for: engine.node, limit: 1, taskLimit: 1).first)
            }
            try await database.database.transaction { store in
                for task in [seen, late] { _ = try await store.lockTask(task.id) }
                _ = try await store.cancelUnfinished(of: [seen.id, late.id], reason: .requested)
            }
            engine.announcer.announce(.wishes)
            try await eventually("the wishes were looked for") {
                try await database.execution(id).status == .cancelled
            }
            if isAnswerLost {
                #expect(engine.grants.reserve(forSlots: 1) == 1)
                engine.grants.lose()
            } else {
                engine.grants.hand([Grant(lease: lease, term: term, askedAt: askedAt)])
            }
            engine.signals.work.poke()
            try await eventually("it is cancelled") {
                try await database.execution(run.id).status == .cancelled
            }
        }
    }

    @Test func `the run of a deleted task is ended`() async throws {
        let database = try await TestDatabase.make()
        let task = try await database.addTask()
        let engine = try await TestEngine(database, runner: .enduring(), isWokenOnly: true)
        _ = try await database.addRun(of: task)
        try await engine.whileRunning {
            try await eventually("it runs") { engine.running.count == 1 }
            #expect(try await database.store.deleteTask(task.id))
            engine.announcer.announce(.wishes)
            try await eventually("it has ended") { engine.running.count == 0 }
        }
    }

    @Test func `a result that cannot be stored takes no other with it`() async throws {
        let database = try await TestDatabase.make()
        let runner = FakeRunner { lease in
            AttemptReport(
                outcome: .succeeded, returnCode: 0,
                stdout: OutputText(text: lease.timeout == 7 ? "a\0b" : "fine", isTruncated: false))
        }
        let engine = try await TestEngine(database, runner: runner)
        var ids: [Identifier<Execution>] = []
        for timeout in [5, 6, 7, 8] {
            ids.append(try await database.addRun(of: try await database.addTask { $0.timeout = timeout }))
        }
        try await engine.whileRunning {
            for id in ids {
                try await eventually("it is recorded") { try await database.execution(id).status == .completed }
            }
        }
        #expect(try await database.execution(ids[2]).stdout == .empty)
        #expect(try await database.execution(ids[2]).error == "What the run left behind could not be stored")
        #expect(try await database.execution(ids[3]).stdout.text == "fine")
    }

    @Test func `a schedule that cannot be read holds up no other`() async throws {
        let database = try await TestDatabase.make()
        let start = try await database.second()
        let broken = try await database.addTask {
            $0.timing = TaskTiming(
                kind: .cron, text: "no cron", timezone: "UTC", startsAt: nil, endsAt: nil, anchor: nil, onceAt: nil)
            $0.nextRun = start
        }
        let sound = try await database.addTask(every(start))
        try await TestEngine(database).whileRunning {
            try await eventually("the sound one has run") {
                try await database.executions(of: sound).contains { $0.status == .completed }
            }
        }
        #expect(try await database.task(broken).nextRun == nil)
        #expect(try await database.executions(of: broken).isEmpty)
    }
}
