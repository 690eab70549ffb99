import Domain
import Foundation
import Postgres

/// A finished attempt, decided but not yet recorded.
package struct FinishedAttempt: Sendable {
    package let lease: Lease
    package let report: AttemptReport
    package let decision: RetryDecision

    /// A finished attempt of `lease`.
    package init(lease: Lease, report: AttemptReport, decision: RetryDecision) {
        self.lease = lease
        self.report = report
        self.decision = decision
    }
}

/// What became of finished attempts.
package struct RecordedAttempts: Sendable {
    /// The executions recorded; for the others the lease was lost, but for those of busy tasks.
    package let executions: Set<Identifier<Execution>>
    /// The tasks that somebody else has locked: what ended of these is to be recorded later.
    package let busyTasks: Set<Identifier<TaskDefinition>>
    /// Whether there may be more to start now than before: another attempt, the successor of a lost run, or a run that
    /// waited for one of these.
    package let makeReady: Bool
    /// Whether messages may be owed for those that have ended.
    package let oweMessages: Bool
}

extension Store {
    /// Records finished attempts, each guarded by its fencing token, with all that follows: the end or the next attempt
    /// of the execution, the successor of a lost one, the output, the task's status. To be called in a transaction.
    ///
    /// It waits for nobody: a task that is locked, perhaps for long because it is deleted with all its history, does
    /// not keep the ends of others from being recorded.
    package func finish(_ ended: [FinishedAttempt]) async throws -> RecordedAttempts {
        let busy = try await lockOrPassOver(Set(ended.map(\.lease.taskID)))
        let attempts = ended.filter { !busy.contains($0.lease.taskID) }
        let closed = try await closeAttempts(attempts)
        let recorded = Set(closed.map(\.id))
        let kept = attempts.filter { recorded.contains($0.lease.executionID) }
        try await replaceInterrupted(kept)
        try await writeOutput(of: kept)
        let owes = try await settleTasks(after: kept.map(\.lease.executionID))
        let before = try await recordedBefore(attempts.filter { !recorded.contains($0.lease.executionID) })
        return RecordedAttempts(
            executions: recorded.union(before), busyTasks: busy,
            // Whether those of before did so was told with the answer that was lost.
            makeReady: closed.contains(where: \.hasNext) || kept.contains(where: \.goesOn) || !before.isEmpty,
            oweMessages: owes || !before.isEmpty)
    }

    /// Locks those of the tasks that nobody else has locked.
    ///
    /// - Returns: the others, if they are there at all.
    private func lockOrPassOver(
        _ tasks: Set<Identifier<TaskDefinition>>
    ) async throws -> Set<Identifier<TaskDefinition>> {
        let missing = tasks.subtracting(try await lockTasks(tasks, passingOverBusy: true).map { Identifier($0) })
        guard !missing.isEmpty else { return [] }
        let rows = try await rows("SELECT id FROM qkron.tasks WHERE id = ANY(\(missing.map(\.uuid)))")
        return Set(try decode(rows) { Identifier(try $0.decode("id")) })
    }

    /// Which attempts were recorded already just so: when the answer to a commit was lost, they are handed in again.
    private func recordedBefore(_ attempts: [FinishedAttempt]) async throws -> Set<Identifier<Execution>> {
        guard !attempts.isEmpty else { return [] }
        let rows = try await rows(
            """
            SELECT e.id
            FROM unnest(\(attempts.map(\.lease.executionID.uuid)), \(attempts.map(\.lease.fencingToken)),
                        \(attempts.map(\.attemptStatus.rawValue)), \(attempts.map { $0.attemptReason?.rawValue }))
                 AS f (id, token, attempt_status, attempt_reason)
            JOIN qkron.executions e ON e.id = f.id AND e.fencing_token = f.token
            WHERE e.attempt_status = f.attempt_status AND e.attempt_reason IS NOT DISTINCT FROM f.attempt_reason
            """)
        return Set(try decode(rows) { Identifier(try $0.decode("id")) })
    }

    /// Closes attempts, and tells of each execution whether another one of its task waits.
    private func closeAttempts(
        _ attempts: [FinishedAttempt]
    ) async throws -> [(id: Identifier<Execution>, hasNext: Bool)] {
        let rows = try await rows(Self.closing(attempts))
        return try decode(rows) { (id: Identifier(try $0.decode("id")), hasNext: try $0.decode("has_next")) }
    }

    static func closing(_ attempts: [FinishedAttempt]) -> SQL {
        """
        WITH f AS (
            SELECT * FROM unnest(
                \(attempts.map(\.lease.executionID.uuid)), \(attempts.map(\.lease.fencingToken)),
                \(attempts.map(\.nextStatus.rawValue)), \(attempts.map { $0.nextReason?.rawValue }),
                \(attempts.map(\.attemptStatus.rawValue)), \(attempts.map { $0.attemptReason?.rawValue }),
                \(attempts.map(\.report.returnCode)), \(attempts.map(\.report.error)),
                \(attempts.map { $0.report.result.map { $0.serialized() } }), \(attempts.map(\.secondsToNextAttempt)),
                \(attempts.map(\.goesOn)))
              AS f (id, token, status, reason, attempt_status, attempt_reason, return_code, error, result, delay,
                    yields)
        ), closed AS (
            UPDATE qkron.executions e
            SET -- A wish that came while the attempt ended by itself still ends a run that would go on.
                status = CASE WHEN f.yields AND e.cancel_reason IS NOT NULL THEN 'cancelled' ELSE f.status END,
                reason = CASE WHEN f.yields AND e.cancel_reason IS NOT NULL THEN e.cancel_reason
                              ELSE f.reason END,
                ended_at = CASE WHEN f.status <> 'pending' OR e.cancel_reason IS NOT NULL THEN clock_timestamp() END,
                not_before = clock_timestamp() + make_interval(secs => coalesce(f.delay, 0)),
                attempt_status = f.attempt_status, attempt_reason = f.attempt_reason,
                attempt_ended_at = clock_timestamp(), return_code = f.return_code, error = f.error,
                result = f.result::jsonb
            FROM f
            -- IS TRUE, so that rows are found by their ids: the planner takes what runs for few, and would read all of
            -- it for every attempt.
            WHERE e.id = f.id AND e.fencing_token = f.token AND (e.status = 'running') IS TRUE
            RETURNING e.id, e.task_id
        )
        SELECT c.id, EXISTS (SELECT FROM qkron.executions o
                             WHERE o.task_id = c.task_id AND o.status IN ('pending', 'running')
                               AND (o.status = 'pending') IS TRUE
                             OFFSET 0) AS has_next
        FROM closed c
        """
    }

    private func replaceInterrupted(_ attempts: [FinishedAttempt]) async throws {
        let replaced = attempts.compactMap { attempt -> (Identifier<Execution>, Identifier<Execution>, Double)? in
            guard let delay = attempt.secondsToReplacement else { return nil }
            return (Identifier(), attempt.lease.executionID, delay)
        }
        guard !replaced.isEmpty else { return }
        try await change(
            """
            INSERT INTO qkron.executions (
                id, task_id, trigger, scheduled_for, status, priority, not_before, attempt_number, earlier_attempts,
                retry_of, created_at)
            SELECT r.id, e.task_id, 'retry', e.scheduled_for, 'pending', t.priority,
                   clock_timestamp() + make_interval(secs => r.delay), e.attempt_number,
                   e.earlier_attempts || \(Execution.attemptRecord), e.id, clock_timestamp()
            FROM unnest(\(replaced.map(\.0.uuid)), \(replaced.map(\.1.uuid)), \(replaced.map(\.2)))
                 AS r (id, lost, delay)
            JOIN qkron.executions e ON e.id = r.lost
            JOIN qkron.tasks t ON t.id = e.task_id
            WHERE t.status <> 'cancelled' AND e.cancel_reason IS NULL
            """)
    }

    private func writeOutput(of attempts: [FinishedAttempt]) async throws {
        let written = attempts.filter { $0.report.stdout != .empty || $0.report.stderr != .empty }
        guard !written.isEmpty else { return }
        try await change(
            """
            INSERT INTO qkron.execution_output (
                execution_id, stdout, stderr, stdout_truncated, stderr_truncated, stdout_head, stdout_tail, stderr_head,
                stderr_tail)
            SELECT * FROM unnest(
                \(written.map(\.lease.executionID.uuid)), \(written.map(\.report.stdout.text)),
                \(written.map(\.report.stderr.text)), \(written.map(\.report.stdout.isTruncated)),
                \(written.map(\.report.stderr.isTruncated)), \(written.map { $0.report.stdout.ends?.head }),
                \(written.map { $0.report.stdout.ends?.tail }), \(written.map { $0.report.stderr.ends?.head }),
                \(written.map { $0.report.stderr.ends?.tail }))
            ON CONFLICT (execution_id) DO UPDATE
            SET stdout = EXCLUDED.stdout, stderr = EXCLUDED.stderr, stdout_truncated = EXCLUDED.stdout_truncated,
                stderr_truncated = EXCLUDED.stderr_truncated, stdout_head = EXCLUDED.stdout_head,
                stdout_tail = EXCLUDED.stdout_tail, stderr_head = EXCLUDED.stderr_head,
                stderr_tail = EXCLUDED.stderr_tail
            """)
    }
}

extension FinishedAttempt {
    fileprivate var nextStatus: ExecutionStatus {
        switch decision {
        case .end(let status, _): status
        case .again: .pending
        case .replace: .failed
        }
    }

    fileprivate var nextReason: Reason? {
        switch decision {
        case .end(_, let reason): reason
        case .again: nil
        case .replace(let reason, _): reason
        }
    }

    /// Whether the run goes on, as this execution or another, if nobody wished its end.
    fileprivate var goesOn: Bool {
        if case .end = decision { false } else { true }
    }

    fileprivate var attemptStatus: ExecutionStatus {
        switch report.outcome {
        case .succeeded: .completed
        case .failed, .lost, .shutDown: .failed
        case .timedOut: .timeout
        case .cancelled: .cancelled
        }
    }

    fileprivate var attemptReason: Reason? {
        switch report.outcome {
        case .succeeded: nil
        case .failed(let reason), .cancelled(let reason): reason
        case .timedOut: .timeout
        case .lost: .lost
        case .shutDown: .shutdown
        }
    }

    fileprivate var secondsToNextAttempt: Double? {
        if case .again(let seconds) = decision { Double(seconds) } else { nil }
    }

    fileprivate var secondsToReplacement: Double? {
        if case .replace(_, .some(let seconds)) = decision { Double(seconds) } else { nil }
    }
}
