import Domain
import Foundation
import Postgres
import Scheduling
import TestSupport
import Testing

@testable import Storage

@Suite struct FinishTests {
    /// A database with one task that has one running execution.
    private func oneRun(
        _ change: (inout TaskDefinition) -> Void = { _ in }
    ) async throws -> (database: TestDatabase, task: TaskDefinition, node: Node, lease: Lease) {
        let database = try await TestDatabase.make()
        let node = try await database.addNode()
        let task = try await database.addTask(change)
        _ = try await database.addRun(of: task)
        return (database, task, node, try #require(try await database.claim(for: node).first))
    }

    private func runs(_ database: TestDatabase, _ task: TaskDefinition, _ trigger: Trigger) async throws -> [Execution]
    {
        try await database.executions(of: task).filter { $0.trigger == trigger }
    }

    @Test func `a run that went well is completed, and its task with it`() async throws {
        let (database, task, _, lease) = try await oneRun()
        #expect(
            try await database.finish([FinishedAttempt(lease, .succeeded, stdout: "hello", returnCode: 0)]) == [
                lease.executionID
            ])
        let execution = try await database.execution(lease.executionID)
        #expect(execution.status == .completed && execution.reason == nil && execution.returnCode == 0)
        #expect(
            execution.stdout.text == "hello" && execution.stderr == .empty && execution.earlierAttempts == .array([]))
        #expect(try #require(execution.endedAt) >= lease.grantedAt)
        let after = try await database.task(task)
        #expect(after.status == .completed && after.retryCount == 0)
    }

    @Test func `a late finish is refused`() async throws {
        let (database, task, node, lease) = try await oneRun()
        try await database.finish([FinishedAttempt(lease, .failed(.exitCode))])
        let next = try #require(try await database.claim(for: node).first)
        #expect(try await database.finish([FinishedAttempt(lease, .succeeded, stdout: "late")]).isEmpty)
        #expect(try await database.execution(lease.executionID).status == .running)
        #expect(try await database.execution(lease.executionID).stdout == .empty)
        try await database.finish([FinishedAttempt(next, .succeeded)])
        #expect(try await database.finish([FinishedAttempt(next, .failed(.signal))]).isEmpty)
        #expect(try await database.task(task).status == .completed)
    }

    @Test func `of several who finish one attempt at once, one is recorded`() async throws {
        let (database, _, _, lease) = try await oneRun()
        let outcomes: [Outcome] = [.succeeded, .lost, .failed(.signal), .timedOut, .cancelled(.requested), .shutDown]
        let recorded = try await withThrowingTaskGroup(of: Int.self) { group in
            for outcome in outcomes {
                group.addTask { try await database.finish([FinishedAttempt(lease, outcome)]).count }
            }
            return try await group.reduce(0, +)
        }
        #expect(recorded == 1)
    }

    @Test func `a failed attempt waits for its delay and keeps a record of itself`() async throws {
        let (database, task, node, lease) = try await oneRun {
            $0.retryPolicy = RetryPolicy(maxRetries: 2, delay: 10, backoff: .exponential)
        }
        try await database.finish([FinishedAttempt(lease, .failed(.exitCode), stdout: "one", returnCode: 3)])
        let waiting = try await database.execution(lease.executionID)
        #expect(waiting.status == .pending && waiting.reason == .retryDelay && waiting.endedAt == nil)
        #expect(waiting.returnCode == 3 && waiting.stdout.text == "one" && waiting.attemptNumber == 1)
        let between = try await database.task(task)
        #expect(between.status == .running && between.retryCount == 1)
        try await database.endDelays()

        let second = try #require(try await database.claim(for: node).first)
        let running = try await database.execution(lease.executionID)
        #expect(running.returnCode == nil && running.error == nil && running.stdout == .empty)
        #expect(running.startedAt == lease.grantedAt && running.attemptNumber == 2)
        try await database.finish([FinishedAttempt(second, .timedOut, stdout: "two")])
        let delay = try #require(try await database.store.secondsUntilReady(for: node, taskLimit: 1))
        #expect(delay > 15 && delay <= 20)
        try await database.endDelays()

        let third = try #require(try await database.claim(for: node).first)
        try await database.finish([FinishedAttempt(third, .failed(.signal), returnCode: 137)])
        let ended = try await database.execution(lease.executionID)
        #expect(
            ended.status == .failed && ended.reason == .signal && ended.attemptNumber == 3 && ended.stdout == .empty)
        guard case .array(let earlier) = ended.earlierAttempts, earlier.count == 2,
            case .object(let first) = earlier[0],
            case .object(let other) = earlier[1]
        else { throw TestFailure("two earlier attempts were expected: \(ended.earlierAttempts)") }
        #expect(first["status"] == .string("failed") && first["reason"] == .string("exit_code"))
        #expect(first["return_code"] == .integer(3) && first["attempt_number"] == .integer(1))
        #expect(other["status"] == .string("timeout") && other["return_code"] == .null)
        let after = try await database.task(task)
        #expect(after.status == .failed && after.retryCount == 3)
    }

    @Test(arguments: [(Outcome.lost, Reason.lost), (.shutDown, .shutdown)])
    func `an interrupted run ends at once and a retry counts on`(outcome: Outcome, reason: Reason) async throws {
        let (database, task, node, lease) = try await oneRun { $0.retryPolicy.maxRetries = 1 }
        try await database.finish([FinishedAttempt(lease, outcome)])
        let lost = try await database.execution(lease.executionID)
        #expect(lost.status == .failed && lost.reason == reason && lost.endedAt != nil)
        #expect(try await database.task(task).status == .running)

        let retry = try #require(try await runs(database, task, .retry).first)
        #expect(retry.status == .pending && retry.retryOf == lost.id && retry.scheduledFor == lost.scheduledFor)
        #expect(retry.attemptNumber == 1 && retry.startedAt == nil)
        let next = try #require(try await database.claim(for: node).first)
        #expect(next.executionID == retry.id && next.attempt == 2 && next.isFirstAttempt)
        #expect(try await database.task(task).retryCount == 1)
        try await database.finish([FinishedAttempt(next, .lost)])
        #expect(try await runs(database, task, .retry).map(\.status) == [.failed])
        guard case .array(let earlier) = try await database.execution(retry.id).earlierAttempts else {
            throw TestFailure("an array was expected")
        }
        #expect(earlier.count == 1)
        #expect(try await database.task(task).status == .failed)
    }

    @Test(arguments: [Outcome.failed(.exitCode), .timedOut, .lost, .shutDown])
    func `a wish that it end beats a retry`(outcome: Outcome) async throws {
        let (database, task, _, lease) = try await oneRun()
        let isWished = try await database.database.transaction { store in
            _ = try await store.lockTask(task.id)
            return try await store.cancelUnfinished(of: [task.id], reason: .requested).hasWishes
        }
        #expect(isWished)
        try await database.finish([FinishedAttempt(lease, outcome)])
        let execution = try await database.execution(lease.executionID)
        #expect(execution.status == .cancelled && execution.reason == .requested && execution.endedAt != nil)
        #expect(try await database.executions(of: task).count == 1)
        #expect(try await database.task(task).status == .failed)
    }

    @Test func `a run that ended by itself before the wish reached it keeps its own end`() async throws {
        let (database, task, _, lease) = try await oneRun { $0.retryPolicy.maxRetries = 0 }
        try await database.pool.execute("UPDATE qkron.executions SET cancel_reason = 'requested'")
        try await database.finish([FinishedAttempt(lease, .failed(.exitCode))])
        let execution = try await database.execution(lease.executionID)
        #expect(execution.status == .failed && execution.reason == .exitCode)
        #expect(try await database.task(task).status == .failed)
    }

    @Test func `under allow the task follows the last run that is left`() async throws {
        let (database, task, node, first) = try await oneRun { $0.overlapPolicy = .allow }
        _ = try await database.addRun(of: task, trigger: .manual)
        let second = try #require(try await database.claim(for: node).first)
        try await database.finish([FinishedAttempt(second, .cancelled(.requested))])
        #expect(try await database.task(task).status == .running)
        try await database.finish([FinishedAttempt(first, .succeeded)])
        #expect(try await database.task(task).status == .completed)
    }

    @Test func `when the last two end in one breath the task follows the later start`() async throws {
        let (database, task, node, first) = try await oneRun { $0.overlapPolicy = .allow }
        _ = try await database.addRun(of: task, trigger: .manual)
        let second = try #require(try await database.claim(for: node).first)
        try await database.finish([FinishedAttempt(second, .cancelled(.requested)), FinishedAttempt(first, .succeeded)])
        #expect(try await database.task(task).status == .failed)
    }

    @Test func `two ends of one task at once leave it ended`() async throws {
        for _ in 0..<10 {
            let (database, task, node, first) = try await oneRun { $0.overlapPolicy = .allow }
            _ = try await database.addRun(of: task, trigger: .manual)
            let second = try #require(try await database.claim(for: node).first)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lease in [first, second] {
                    group.addTask { try await database.finish([FinishedAttempt(lease, .succeeded)]) }
                }
                try await group.waitForAll()
            }
            #expect(try await database.task(task).status == .completed)
        }
    }

    @Test func `a cancelled task stays cancelled, and a revived one pending, when its old run ends`() async throws {
        for status in [TaskStatus.cancelled, .pending] {
            let (database, task, _, lease) = try await oneRun()
            try await database.pool.execute("UPDATE qkron.tasks SET status = \(status.rawValue)")
            try await database.finish([FinishedAttempt(lease, .cancelled(.taskCancelled))])
            #expect(try await database.task(task).status == status)
        }
    }

    @Test func `the run of a deleted task is refused`() async throws {
        let (database, task, _, lease) = try await oneRun()
        #expect(try await database.store.deleteTask(task.id))
        #expect(try await database.finish([FinishedAttempt(lease, .succeeded, stdout: "x")]).isEmpty)
        #expect(
            try await database.pool.value("SELECT count(*) AS value FROM qkron.execution_output", as: Int.self) == 0)
    }

    @Test func `long output is cut in lists only`() async throws {
        let (database, task, _, lease) = try await oneRun()
        let text = String(repeating: "é", count: 20_000)
        try await database.finish([FinishedAttempt(lease, .succeeded, stdout: text)])
        #expect(try await database.execution(lease.executionID).stdout == OutputText(text: text, isTruncated: false))
        let row = try #require(try await database.executions(of: task).first)
        #expect(row.stdout.isTruncated)
        #expect(
            row.stdout.text == OutputText.cut(head: text, tail: text, byteCount: 40_000, limit: OutputText.listLimit))
        #expect(row.stdout.text.contains("\n[... 23,656 bytes cut by qkron ...]\n"))
        #expect(row.stdout.text.utf8.count <= OutputText.listLimit)
    }

    @Test func `a list never reads long output`() async throws {
        let (database, task, node, lease) = try await oneRun { $0.retryPolicy.maxRetries = 1 }
        let text = String(repeating: "x", count: 100_000) + "\nthe end"
        try await database.finish([FinishedAttempt(lease, .lost, stdout: text)])
        let retry = try #require(try await database.claim(for: node).first)
        try await database.finish([FinishedAttempt(retry, .succeeded, stdout: "short")])
        let before = try await database.executions(of: task)
        try await database.pool.execute(
            "UPDATE qkron.execution_output SET stdout = repeat('y', 100008) WHERE octet_length(stdout) > 16384")
        let after = try await database.executions(of: task)
        #expect(after.map(\.stdout) == before.map(\.stdout), "head and tail are told from columns of their own")
        #expect(after.map(\.stdout.text).contains { $0.hasSuffix("the end") && $0.contains(" bytes cut by qkron ") })
        #expect(after.map(\.stdout.text).contains("short"))
    }

    @Test func `long output of servers of the version before is listed too`() async throws {
        let (database, task, _, lease) = try await oneRun()
        let text = String(repeating: "é", count: 20_000)
        try await database.finish([FinishedAttempt(lease, .succeeded, stdout: text)])
        let before = try await database.executions(of: task).map(\.stdout)
        try await database.pool.execute("UPDATE qkron.execution_output SET stdout_head = NULL, stdout_tail = NULL")
        #expect(try await database.executions(of: task).map(\.stdout) == before)
    }
}
