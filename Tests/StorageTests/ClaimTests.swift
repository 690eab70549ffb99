import Domain
import Foundation
import Postgres
import Scheduling
import TestSupport
import Testing

@testable import Storage

@Suite struct ClaimTests {
    private func slot(_ second: Double) -> Date { Date(timeIntervalSince1970: 1_700_000_000 + second) }

    @Test func `more urgent goes first, then the older slot`() async throws {
        let database = try await TestDatabase.make()
        let node = try await database.addNode()
        var expected: [Identifier<Execution>] = []
        for (second, priority) in [(30.0, 9), (10, 5), (20, 5), (0, 1)] {
            let task = try await database.addTask { $0.priority = priority }
            expected.append(try await database.addRun(of: task, slot: slot(second)))
        }
        var claimed: [Identifier<Execution>] = []
        while let lease = try await database.claim(for: node, limit: 1).first { claimed.append(lease.executionID) }
        #expect(claimed == expected)
    }

    @Test func `a lease tells all that the attempt needs, and the execution and the task say so`() async throws {
        let database = try await TestDatabase.make()
        let node = try await database.addNode(name: "here")
        let task = try await database.addTask {
            $0.timeout = 7
            $0.retryPolicy = RetryPolicy(maxRetries: 2, delay: 9, backoff: .exponential)
        }
        let id = try await database.addRun(of: task, slot: slot(0))
        let lease = try #require(try await database.claim(for: node).first)
        #expect(lease.executionID == id && lease.taskID == task.id && lease.attempt == 1 && lease.isFirstAttempt)
        #expect(lease.action == task.action && lease.timeout == 7 && lease.retryPolicy == task.retryPolicy)
        #expect(lease.scheduledFor == slot(0) && lease.trigger == .schedule && lease.timezone == "UTC")
        let execution = try await database.execution(id)
        #expect(execution.status == .running && execution.node == "here" && execution.attemptNumber == 1)
        #expect(execution.startedAt == lease.grantedAt && execution.fencingToken == lease.fencingToken)
        let after = try await database.task(task)
        #expect(after.status == .running && after.lastRun != nil && after.updatedAt == task.updatedAt)
    }

    @Test func `what may start is found behind however many that may not`() async throws {
        let database = try await TestDatabase.make()
        let node = try await database.addNode()
        let line = try await database.addTask {
            $0.overlapPolicy = .queue
            $0.priority = 9
        }
        try await database.pool.execute(
            """
            INSERT INTO qkron.executions (id, task_id, trigger, scheduled_for, status, priority, not_before, created_at)
            SELECT gen_random_uuid(), \(line.id.uuid), 'schedule', \(slot(0)) + n * interval '1 second', 'pending', 9, now(),
                   now()
            FROM generate_series(1, 2100) AS n
            """)
        let other = try await database.addTask { $0.priority = 1 }
        let behind = try await database.addRun(of: other)
        #expect(try await database.claim(for: node, limit: 1).map(\.scheduledFor) == [slot(1)])
        #expect(try await database.claim(for: node, limit: 10).map(\.executionID) == [behind])
        #expect(try await database.claim(for: node, limit: 10).isEmpty)
    }

    @Test func `no more is granted than there is capacity for`() async throws {
        let database = try await TestDatabase.make()
        let node = try await database.addNode()
        for _ in 0..<5 { _ = try await database.addRun(of: try await database.addTask()) }
        #expect(try await database.claim(for: node, limit: 3).count == 3)
        #expect(try await database.claim(for: node, limit: 3).count == 2)
        #expect(try await database.claim(for: node, limit: 3).isEmpty)
    }

    @Test(arguments: [OverlapPolicy.skip, .queue, .cancelPrevious])
    func `an exclusive task runs one at a time, in order of its slots`(policy: OverlapPolicy) async throws {
        let database = try await TestDatabase.make()
        let node = try await database.addNode()
        let task = try await database.addTask { $0.overlapPolicy = policy }
        var ids: [Identifier<Execution>] = []
        for second in [1.0, 2, 3] { ids.append(try await database.addRun(of: task, slot: slot(second))) }
        for id in ids {
            let leases = try await database.claim(for: node)
            #expect(leases.map(\.executionID) == [id])
            #expect(try await database.claim(for: node).isEmpty)
            try await database.finish(leases.map { FinishedAttempt($0, .succeeded) })
        }
        #expect(try await database.claim(for: node).isEmpty)
    }

    @Test func `claimers at once never grant an execution twice, nor two of an exclusive task`() async throws {
        let database = try await TestDatabase.make(poolSize: 8)
        let exclusive = try await database.addTask { $0.overlapPolicy = .queue }
        let parallel = try await database.addTask { $0.overlapPolicy = .allow }
        for second in 0..<20 {
            _ = try await database.addRun(of: exclusive, slot: slot(Double(second)))
            _ = try await database.addRun(of: parallel, slot: slot(Double(second)))
        }
        let nodes = [try await database.addNode(), try await database.addNode()]
        let leases = try await withThrowingTaskGroup(of: [Lease].self) { group in
            for round in 0..<12 {
                group.addTask { try await database.claim(for: nodes[round % 2], limit: 4, taskLimit: 6) }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(Set(leases.map(\.executionID)).count == leases.count)
        #expect(leases.count { $0.taskID == exclusive.id } == 1)
        #expect(leases.count { $0.taskID == parallel.id } <= 6)
        #expect(Set(leases.map(\.fencingToken)).count == leases.count)
    }

    @Test func `allow lets as many run beside each other as the limit says`() async throws {
        let database = try await TestDatabase.make()
        let node = try await database.addNode()
        let task = try await database.addTask { $0.overlapPolicy = .allow }
        for second in 0..<6 { _ = try await database.addRun(of: task, slot: slot(Double(second))) }
        let first = try await database.claim(for: node, taskLimit: 2)
        #expect(first.map(\.scheduledFor) == [slot(0), slot(1)])
        #expect(try await database.claim(for: node, taskLimit: 2).isEmpty)
        try await database.finish([FinishedAttempt(first[0], .succeeded)])
        #expect(try await database.claim(for: node, taskLimit: 2).map(\.scheduledFor) == [slot(2)])
    }

    @Test func `a run between two attempts goes on before another of its task starts`() async throws {
        let database = try await TestDatabase.make()
        let node = try await database.addNode()
        let task = try await database.addTask { $0.overlapPolicy = .queue }
        let first = try await database.addRun(of: task, slot: slot(5))
        let lease = try #require(try await database.claim(for: node).first)
        _ = try await database.addRun(of: task, slot: slot(1))
        try await database.finish([FinishedAttempt(lease, .failed(.exitCode))])
        let next = try await database.claim(for: node)
        #expect(next.map(\.executionID) == [first])
        #expect(next.first?.attempt == 2 && next.first?.isFirstAttempt == false)
        #expect(try #require(next.first).fencingToken > lease.fencingToken)
    }

    @Test func `nothing is granted before its delay is over`() async throws {
        let database = try await TestDatabase.make()
        let node = try await database.addNode()
        let task = try await database.addTask {
            $0.retryPolicy = RetryPolicy(maxRetries: 1, delay: 60, backoff: .fixed)
        }
        _ = try await database.addRun(of: task)
        let lease = try #require(try await database.claim(for: node).first)
        try await database.finish([FinishedAttempt(lease, .timedOut)])
        #expect(try await database.claim(for: node).isEmpty)
        let seconds = try #require(try await database.store.secondsUntilReady(for: node, taskLimit: 5))
        #expect(seconds > 50 && seconds <= 60)
        try await database.endDelays()
        #expect(try await database.store.secondsUntilReady(for: node, taskLimit: 5) == 0)
        #expect(try await database.claim(for: node).count == 1)
        #expect(try await database.store.secondsUntilReady(for: node, taskLimit: 5) == nil)
    }

    @Test func `a node whose lease lapsed, or that began again, is granted nothing`() async throws {
        let database = try await TestDatabase.make()
        let node = try await database.addNode()
        let task = try await database.addTask()
        _ = try await database.addRun(of: task)
        try await database.lapse(node)
        #expect(try await database.claim(for: node).isEmpty)
        let reborn = try await database.addNode(node.id)
        #expect(reborn.epoch > node.epoch)
        #expect(try await database.claim(for: node).isEmpty)
        #expect(try await database.claim(for: reborn).count == 1)
        #expect(try await database.task(task).status == .running)
    }

    @Test func `runs that began side by side go on side by side when the task becomes exclusive`() async throws {
        let database = try await TestDatabase.make()
        let node = try await database.addNode()
        let task = try await database.addTask { $0.overlapPolicy = .allow }
        for second in [1.0, 2] { _ = try await database.addRun(of: task, slot: slot(second)) }
        let leases = try await database.claim(for: node)
        try await database.finish(leases.map { FinishedAttempt($0, .failed(.exitCode)) })
        try await database.pool.execute("UPDATE qkron.tasks SET overlap_policy = 'skip'")
        _ = try await database.addRun(of: task, slot: slot(3))
        #expect(try await database.claim(for: node).map(\.attempt) == [2, 2])
        #expect(try await database.claim(for: node).isEmpty)
    }

    @Test func `what a locked task keeps back is told as ready`() async throws {
        let database = try await TestDatabase.make()
        let node = try await database.addNode()
        let task = try await database.addTask()
        _ = try await database.addRun(of: task)
        try await database.database.transaction { store in
            _ = try await store.lockTask(task.id)
            #expect(try await database.claim(for: node).isEmpty)
            #expect(try await database.store.secondsUntilReady(for: node, taskLimit: 5) == 0)
        }
        #expect(try await database.claim(for: node).count == 1)
    }
}
