import Domain
import Foundation
import Postgres

/// What a running attempt hears from the database.
package enum Wish: Sendable, Equatable {
    /// Somebody wants the run to end, for this reason.
    case end(Reason)
    /// The execution was given to somebody else.
    case leaseGone
    /// The task was deleted, and the execution with it.
    case forgetIt
}

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

extension Store {
    /// Locks up to `limit` executions that look ready to start, with their tasks; what others are busy with is passed
    /// over. More urgent first, then the older slot.
    private func claimable(limit: Int, taskLimit: Int) async throws -> [UUID] {
        let rows = try await rows(Self.lockingClaimable(limit: limit, taskLimit: taskLimit))
        return try decode(rows) { try $0.decode("id") }
    }

    static func lockingClaimable(limit: Int, taskLimit: Int) -> SQL {
        """
        \(inProgress)
        SELECT e.id
        FROM qkron.executions e JOIN qkron.tasks t ON t.id = e.task_id LEFT JOIN in_progress p ON p.task_id = e.task_id
        WHERE \(isReady(taskLimit: taskLimit))
        ORDER BY e.priority DESC, e.scheduled_for, e.id
        LIMIT \(limit)
        FOR NO KEY UPDATE OF t SKIP LOCKED
        """
    }

    /// How many runs each task has in progress, counted once and not for every execution that waits.
    private static let inProgress: SQL = """
        WITH in_progress AS MATERIALIZED (
            SELECT task_id, count(*) AS runs FROM qkron.executions
            WHERE status IN ('pending', 'running') AND started_at IS NOT NULL
            GROUP BY task_id)
        """

    /// Whether the execution `e` of the task `t`, which has `p.runs` in progress, may start its next attempt.
    private static func isReady(taskLimit: Int) -> SQL {
        """
        e.status = 'pending' AND e.not_before <= statement_timestamp()
        AND (e.started_at IS NOT NULL
             OR (t.overlap_policy = 'allow' AND coalesce(p.runs, 0) < \(taskLimit))
             OR (t.overlap_policy <> 'allow' AND p.runs IS NULL AND NOT EXISTS (\(earlierInLine))))
        """
    }

    /// What waits for the same task as `e` and comes first, be it only the retry of a lost run, for its delay.
    private static let earlierInLine: SQL = """
        SELECT FROM qkron.executions o
        WHERE o.task_id = e.task_id AND o.status = 'pending' AND o.started_at IS NULL
          AND (o.scheduled_for, o.id) < (e.scheduled_for, e.id)
        """

    /// Grants `node` the next attempts of up to `limit` executions, in one transaction with what tells of it: the tasks
    /// read `running`. Nothing is granted to a node whose own lease has lapsed, or that started again since.
    ///
    /// - Parameter taskLimit: the most runs of one task beside each other, where its overlap policy is `allow`.
    package func claim(for node: Node, limit: Int, taskLimit: Int) async throws -> [Lease] {
        guard try await lockLease(of: node) else { return [] }
        let candidates = try await claimable(limit: limit, taskLimit: taskLimit)
        guard !candidates.isEmpty else { return [] }
        // A second statement: it sees what was committed before the tasks were locked, and nobody else may add to it.
        let rows = try await rows(
            """
            WITH candidate AS (
                SELECT e.id, e.task_id, e.attempt_number, e.started_at IS NOT NULL AS goes_on,
                       -- A run keeps what it began as: runs that began under 'allow' may go on side by side.
                       CASE WHEN e.started_at IS NOT NULL THEN e.is_exclusive
                            ELSE t.overlap_policy <> 'allow' END AS is_exclusive,
                       (SELECT count(*) FROM qkron.executions o
                        WHERE o.task_id = e.task_id AND o.status IN ('pending', 'running')
                          AND o.started_at IS NOT NULL) AS live,
                       row_number() OVER (PARTITION BY e.task_id, e.started_at IS NULL
                                          ORDER BY e.scheduled_for, e.id) AS place,
                       EXISTS (\(Self.earlierInLine)) AS has_earlier
                FROM qkron.executions e JOIN qkron.tasks t ON t.id = e.task_id
                WHERE e.id = ANY(\(candidates)) AND e.status = 'pending' AND e.not_before <= clock_timestamp()
            ), granted AS (
                SELECT c.* FROM candidate c
                WHERE c.goes_on
                   OR (c.is_exclusive AND c.live = 0 AND NOT c.has_earlier)
                   OR (NOT c.is_exclusive AND c.live + c.place <= \(taskLimit))
            ), started AS (
                UPDATE qkron.tasks t
                SET status = CASE WHEN t.status = 'cancelled' THEN t.status ELSE 'running' END,
                    last_run = CASE WHEN g.begins THEN statement_timestamp() ELSE t.last_run END,
                    retry_count = CASE WHEN g.begins THEN g.earlier ELSE t.retry_count END
                FROM (SELECT task_id, bool_or(NOT goes_on) AS begins,
                             -- Those of the lost run that a run under trigger 'retry' counts on from.
                             coalesce(max(attempt_number) FILTER (WHERE NOT goes_on), 0) AS earlier
                      FROM granted GROUP BY task_id) AS g
                WHERE t.id = g.task_id
            ), forgotten AS (
                DELETE FROM qkron.execution_output o USING granted g WHERE g.goes_on AND o.execution_id = g.id
            )
            UPDATE qkron.executions e
            SET status = 'running', reason = NULL, attempt_number = e.attempt_number + 1,
                fencing_token = nextval('qkron.fencing_tokens'), node_id = \(node.id.uuid),
                node_epoch = \(node.epoch), node_name = \(node.name), is_exclusive = g.is_exclusive,
                started_at = coalesce(e.started_at, statement_timestamp()),
                attempt_started_at = statement_timestamp(),
                attempt_ended_at = NULL, attempt_status = NULL, attempt_reason = NULL, return_code = NULL, error = NULL,
                result = NULL, cancel_reason = NULL,
                earlier_attempts = CASE WHEN g.goes_on THEN e.earlier_attempts || \(Self.attemptRecord)
                                        ELSE e.earlier_attempts END
            FROM granted g JOIN qkron.tasks t ON t.id = g.task_id
            WHERE e.id = g.id
            RETURNING e.id, e.task_id, e.fencing_token, e.attempt_number, e.trigger, e.scheduled_for,
                      e.attempt_started_at, NOT g.goes_on AS is_first_attempt, t.task_type, t.parameters, t.timezone,
                      t.timeout, t.max_retries, t.retry_delay, t.retry_backoff
            """)
        return try decode(rows, Lease.init(row:))
    }

    /// The latest attempt of the execution `e` as an element of `earlier_attempts`.
    private static let attemptRecord: SQL = """
        jsonb_build_array(jsonb_build_object(
            'attempt_number', e.attempt_number, 'status', e.attempt_status, 'reason', e.attempt_reason,
            'return_code', e.return_code, 'error', e.error,
            'start_time', to_char(e.attempt_started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            'end_time', to_char(e.attempt_ended_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')))
        """

    /// Seconds until the next waiting execution may start, by the database's clock; 0 if one may now, nil if none waits
    /// for a time.
    ///
    /// - Parameter taskLimit: as for `claim`.
    package func secondsUntilReady(taskLimit: Int) async throws -> Double? {
        try await one(
            """
            \(Self.inProgress)
            SELECT CASE WHEN EXISTS (SELECT FROM qkron.executions e JOIN qkron.tasks t ON t.id = e.task_id
                                     LEFT JOIN in_progress p ON p.task_id = e.task_id
                                     WHERE \(Self.isReady(taskLimit: taskLimit)))
                        THEN 0
                        ELSE (SELECT extract(epoch FROM min(not_before) - clock_timestamp())::float8
                              FROM qkron.executions
                              WHERE status = 'pending' AND attempt_number > 0
                                AND not_before > statement_timestamp())
                   END AS value
            """)
    }

    /// Records finished attempts, each guarded by its fencing token, with all that follows: the end or the next attempt
    /// of the execution, the successor of a lost one, the output, the task's status. Runs in a transaction of its own.
    ///
    /// - Returns: the executions recorded; for the others the lease was lost.
    package func finish(_ attempts: [FinishedAttempt]) async throws -> Set<Identifier<Execution>> {
        try await lockTasks(attempts.map(\.lease.taskID))
        let recorded = try await closeAttempts(attempts)
        let kept = attempts.filter { recorded.contains($0.lease.executionID) }
        try await replaceInterrupted(kept)
        try await writeOutput(of: kept)
        try await settleTasks(after: kept.map(\.lease.executionID))
        return recorded.union(try await recordedBefore(attempts.filter { !recorded.contains($0.lease.executionID) }))
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

    private func lockTasks(_ ids: [Identifier<TaskDefinition>]) async throws {
        let ids = Set(ids.map(\.uuid))
        _ = try await rows(
            "SELECT FROM qkron.tasks WHERE id = ANY(\(Array(ids))) ORDER BY id FOR NO KEY UPDATE")
    }

    private func closeAttempts(_ attempts: [FinishedAttempt]) async throws -> Set<Identifier<Execution>> {
        let rows = try await rows(
            """
            WITH f AS (
                SELECT * FROM unnest(
                    \(attempts.map(\.lease.executionID.uuid)), \(attempts.map(\.lease.fencingToken)),
                    \(attempts.map(\.nextStatus.rawValue)), \(attempts.map { $0.nextReason?.rawValue }),
                    \(attempts.map(\.attemptStatus.rawValue)), \(attempts.map { $0.attemptReason?.rawValue }),
                    \(attempts.map(\.report.returnCode)), \(attempts.map(\.report.error)),
                    \(attempts.map { $0.report.result.map { $0.serialized() } }), \(attempts.map(\.secondsToNextAttempt)),
                    \(attempts.map(\.yieldsToWish)))
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
                WHERE e.id = f.id AND e.fencing_token = f.token AND e.status = 'running'
                RETURNING e.id, e.task_id, e.attempt_number, e.attempt_status, e.started_at
            ), counted AS (
                UPDATE qkron.tasks t
                SET retry_count = c.attempt_number - CASE WHEN c.attempt_status IN ('failed', 'timeout') THEN 0 ELSE 1 END
                FROM (SELECT DISTINCT ON (task_id) * FROM closed ORDER BY task_id, started_at DESC, id DESC) AS c
                -- Of the latest run only: beside it, others that the task allows may end later.
                WHERE t.id = c.task_id AND t.last_run = c.started_at
            )
            SELECT id FROM closed
            """)
        return Set(try decode(rows) { Identifier(try $0.decode("id")) })
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
                   e.earlier_attempts || \(Self.attemptRecord), e.id, clock_timestamp()
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
            INSERT INTO qkron.execution_output (execution_id, stdout, stderr, stdout_truncated, stderr_truncated)
            SELECT * FROM unnest(
                \(written.map(\.lease.executionID.uuid)), \(written.map(\.report.stdout.text)),
                \(written.map(\.report.stderr.text)), \(written.map(\.report.stdout.isTruncated)),
                \(written.map(\.report.stderr.isTruncated)))
            ON CONFLICT (execution_id) DO UPDATE
            SET stdout = EXCLUDED.stdout, stderr = EXCLUDED.stderr, stdout_truncated = EXCLUDED.stdout_truncated,
                stderr_truncated = EXCLUDED.stderr_truncated
            """)
    }

    /// The attempts among `held`, by fencing token, that must end: somebody wishes it, or the lease is gone (then without
    /// a reason).
    package func wishes(for held: [Lease]) async throws -> [(token: Int, wish: Wish)] {
        guard !held.isEmpty else { return [] }
        let rows = try await rows(
            """
            SELECT h.token, e.id IS NULL AS is_deleted,
                   CASE WHEN e.status = 'running' AND e.fencing_token = h.token THEN e.cancel_reason END AS reason
            FROM unnest(\(held.map(\.executionID.uuid)), \(held.map(\.fencingToken))) AS h (id, token)
            LEFT JOIN qkron.executions e ON e.id = h.id
            WHERE e.id IS NULL OR e.status <> 'running' OR e.fencing_token <> h.token OR e.cancel_reason IS NOT NULL
            """)
        return try decode(rows) {
            let reason: Reason? = try $0.namedIfPresent("reason")
            let isDeleted = try $0.decode("is_deleted", as: Bool.self)
            return (
                token: try $0.decode("token", as: Int.self),
                wish: reason.map(Wish.end) ?? (isDeleted ? .forgetIt : .leaseGone)
            )
        }
    }

    /// The attempts that the database says a node is running, of these of its epochs.
    package func runningAttempts(of node: Identifier<Node>, epochs: ClosedRange<Int>) async throws -> [Lease] {
        let rows = try await rows(
            """
            SELECT e.id, e.task_id, e.fencing_token, e.attempt_number, e.trigger, e.scheduled_for, e.attempt_started_at,
                   e.attempt_started_at = e.started_at AS is_first_attempt, t.task_type, t.parameters, t.timezone,
                   t.timeout, t.max_retries, t.retry_delay, t.retry_backoff
            FROM qkron.executions e JOIN qkron.tasks t ON t.id = e.task_id
            WHERE e.status = 'running' AND e.node_id = \(node.uuid)
              AND e.node_epoch BETWEEN \(epochs.lowerBound) AND \(epochs.upperBound)
            ORDER BY e.id
            """)
        return try decode(rows, Lease.init(row:))
    }
}

extension Lease {
    fileprivate init(row: PostgresRow) throws(PostgresError) {
        self.init(
            executionID: Identifier(try row.decode("id")),
            taskID: Identifier(try row.decode("task_id")),
            fencingToken: try row.decode("fencing_token"),
            attempt: try row.decode("attempt_number"),
            trigger: try row.named("trigger"),
            scheduledFor: try row.decode("scheduled_for"),
            grantedAt: try row.decode("attempt_started_at"),
            isFirstAttempt: try row.decode("is_first_attempt"),
            action: try Action(row: row),
            timezone: try row.decode("timezone"),
            timeout: try row.decode("timeout"),
            retryPolicy: try RetryPolicy(row: row))
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

    /// Whether the run would go on, as this execution or another, if nobody wished its end.
    fileprivate var yieldsToWish: Bool {
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
