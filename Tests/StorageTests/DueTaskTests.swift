import Domain
import Foundation
import Postgres
import Scheduling
import TestSupport
import Testing

@testable import Storage

@Suite struct DueTaskTests {
    @Test func `due tasks are found, the longest due first, with what decides their slots`() async throws {
        let database = try await TestDatabase.make()
        let now = try await database.second()
        var tasks: [TaskDefinition] = []
        for age in [10.0, 30, 20, -60] {
            tasks.append(
                try await database.addTask {
                    $0.nextRun = now.addingTimeInterval(-age)
                    $0.misfireGrace = 7
                })
        }
        let paused = try await database.addTask {
            $0.isActive = false
            $0.nextRun = nil
        }
        _ = try await database.addRun(of: tasks[1])
        let node = try await database.addNode()
        _ = try await database.claim(for: node)
        _ = try await database.addRun(of: tasks[1], trigger: .manual)
        let due = try await database.database.transaction { try await $0.dueTasks(limit: 10) }
        #expect(due.map(\.id) == [tasks[1].id, tasks[2].id, tasks[0].id])
        #expect(!due.map(\.id).contains(paused.id))
        let first = try #require(due.first)
        #expect(first.unfinished == 2 && first.waiting == 1 && first.misfireGrace == 7 && first.ownerIsActive)
        #expect(first.timing == tasks[1].timing && first.nextRun == tasks[1].nextRun && first.now >= now)
        #expect(try await database.database.transaction { try await $0.dueTasks(limit: 2) }.count == 2)
    }

    @Test func `tasks that are due soon are found as well, and fire at the last of their slots`() async throws {
        let database = try await TestDatabase.make()
        let now = try await database.second()
        var tasks: [TaskDefinition] = []
        for seconds in [-10.0, 20, 50, 300] {
            tasks.append(try await database.addTask { $0.nextRun = now.addingTimeInterval(seconds) })
        }
        let due = try await database.database.transaction { try await $0.dueTasks(limit: 10, within: .seconds(100)) }
        #expect(due.map(\.id) == tasks.prefix(3).map(\.id))
        #expect(due.allSatisfy { $0.now == now.addingTimeInterval(50) && $0.firesAt > .now + .seconds(20) })
        let overdue = try await database.database.transaction { try await $0.dueTasks(limit: 10) }
        #expect(overdue.map(\.id) == [tasks[0].id])
        #expect(overdue.allSatisfy { $0.now >= now && $0.now < now.addingTimeInterval(20) && $0.firesAt <= .now })
    }

    @Test func `ahead of its slot no task is found that runs, depends on others, or is another server's`() async throws
    {
        let database = try await TestDatabase.make()
        let now = try await database.second()
        let node = try await database.addNode()
        func task(_ overlap: OverlapPolicy = .skip, requires: [String] = []) async throws -> TaskDefinition {
            try await database.addTask {
                $0.nextRun = now.addingTimeInterval(20)
                $0.overlapPolicy = overlap
                $0.requires = requires
            }
        }
        let (busy, crowded) = (try await task(), try await task(.allow))
        for task in [busy, crowded] { _ = try await database.addRun(of: task) }
        #expect(try await database.claim(for: node).count == 2)
        let (carried, foreign) = (try await task(requires: ["a"]), try await task(requires: ["b"]))
        let dependent = try await database.addTask {
            $0.nextRun = now.addingTimeInterval(20)
            $0.dependencies = [busy.id]
        }
        func found() async throws -> Set<Identifier<TaskDefinition>> {
            try await database.database.transaction { store in
                Set(try await store.dueTasks(limit: 10, within: .seconds(100), labels: ["a"]).map(\.id))
            }
        }
        #expect(try await found() == [crowded.id, carried.id])
        try await database.pool.execute("UPDATE qkron.tasks SET next_run = \(now)")
        #expect(try await found() == [busy.id, crowded.id, carried.id, foreign.id, dependent.id])
    }

    @Test func `nothing fires before the instant that is given`() async throws {
        let database = try await TestDatabase.make()
        let task = try await database.addTask()
        let node = try await database.addNode()
        let slot = try await database.second()
        try await database.database.transaction { store in
            let before = try await store.now()
            let execution = NewExecution(
                task: task.id, trigger: .schedule, scheduledFor: slot, status: .pending, reason: nil, priority: 5)
            let fired = try await store.fire(
                [execution], starting: [execution.id], on: node, moving: [(task.id, nil)], at: .now + .milliseconds(50))
            let lease = try #require(fired.leases.first)
            #expect(lease.grantedAt >= before.addingTimeInterval(0.05))
        }
    }

    @Test func `what one transaction fires another passes over`() async throws {
        let database = try await TestDatabase.make()
        let now = try await database.second()
        for age in [1.0, 2, 3] { _ = try await database.addTask { $0.nextRun = now.addingTimeInterval(-age) } }
        try await database.database.transaction { one in
            let first = try await one.dueTasks(limit: 2)
            let second = try await database.database.transaction { try await $0.dueTasks(limit: 10) }
            #expect(first.count == 2 && second.count == 1)
            #expect(Set(first.map(\.id)).isDisjoint(with: second.map(\.id)))
        }
    }

    @Test func `schedulers at once turn every slot into one execution`() async throws {
        let database = try await TestDatabase.make(poolSize: 6)
        let now = try await database.second()
        var tasks: [TaskDefinition] = []
        for _ in 0..<20 { tasks.append(try await database.addTask { $0.nextRun = now.addingTimeInterval(-3) }) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<6 {
                group.addTask { try await fireAll(database) }
            }
            try await group.waitForAll()
        }
        for task in tasks {
            let slots = try await database.executions(of: task).map(\.scheduledFor)
            #expect(slots == slots.indices.map { now.addingTimeInterval(Double($0) - 3) })
            #expect(slots.count >= 4)
        }
    }

    /// Fires second by second until nothing up to now is due.
    private func fireAll(_ database: TestDatabase) async throws {
        let end = try await database.store.now()
        var fired = 1
        while fired > 0 {
            fired = try await database.database.transaction { store in
                let due = try await store.dueTasks(limit: 3).filter { $0.nextRun <= end }
                try await store.insert(
                    due.map {
                        NewExecution(
                            task: $0.id, trigger: .schedule, scheduledFor: $0.nextRun, status: .pending, reason: nil,
                            priority: 5)
                    })
                try await store.setNextRuns(due.map { (task: $0.id, nextRun: $0.nextRun.addingTimeInterval(1)) })
                return due.count
            }
        }
    }

    @Test func `an execution made already at an end says when and why`() async throws {
        let database = try await TestDatabase.make()
        let task = try await database.addTask()
        let now = try await database.second()
        let skipped = NewExecution(
            task: task.id, trigger: .schedule, scheduledFor: now, status: .skipped, reason: .overlap, priority: 5)
        #expect(try await database.store.insert([skipped, skipped]) == [skipped.id])
        let execution = try await database.execution(skipped.id)
        #expect(execution.status == .skipped && execution.reason == .overlap && execution.endedAt != nil)
        #expect(execution.startedAt == nil && execution.attemptNumber == 0)
    }

    @Test func `the time until the next slot is told by the database's clock`() async throws {
        let database = try await TestDatabase.make()
        #expect(try await database.store.secondsUntilDue() == nil)
        _ = try await database.addTask()
        let seconds = try #require(try await database.store.secondsUntilDue())
        #expect(seconds > 50 && seconds <= 60)
    }

    @Test func `a thousand waiting runs are counted exactly`() async throws {
        let database = try await TestDatabase.make()
        let task = try await database.addTask { $0.overlapPolicy = .queue }
        let now = try await database.second()
        try await database.store.insert(
            (0..<1_000).map {
                NewExecution(
                    task: task.id, trigger: .schedule, scheduledFor: now.addingTimeInterval(Double(-$0)),
                    status: .pending, reason: nil, priority: 5)
            })
        let found = try #require(
            try await database.store.requestedTasks([task.id], passingOverBusy: false).first)
        #expect(found.unfinished == 1_000 && found.waiting == 1_000)
        #expect(task.overlapPolicy.decision(unfinished: 1_000, waiting: 1_000, isSlot: true) == .skip(.queueFull))
    }
}
