import Domain
import Foundation
import Postgres

extension Store {
    /// How many of the first in line are looked at before all are: so claiming costs the same however many wait.
    private static let window: SQL = "2000"

    /// Locks up to `limit` executions that look ready to start, with their tasks; what others are busy with is passed
    /// over. More urgent first, then the older slot.
    private func claimable(by node: Node, limit: Int, taskLimit: Int) async throws -> [UUID] {
        let labels = node.labels
        let near = try await rows(Self.lockingClaimable(labels: labels, limit: limit, taskLimit: taskLimit))
        // Where none of the first may start, perhaps one of the others may.
        let found =
            near.isEmpty
            ? try await rows(Self.lockingClaimableAnywhere(labels: labels, limit: limit, taskLimit: taskLimit)) : near
        return try decode(found) { try $0.decode("id") }
    }

    /// Of the first in line. Their tasks are asked for, and locked, one after the other until there are enough; joined,
    /// all that wait would be read and sorted for the sake of a few.
    static func lockingClaimable(labels: [String], limit: Int, taskLimit: Int) -> SQL {
        """
        SELECT e.id
        FROM (SELECT * FROM qkron.executions
              WHERE status = 'pending' AND not_before <= statement_timestamp()
              ORDER BY priority DESC, scheduled_for, id
              LIMIT \(window)) AS e
        CROSS JOIN LATERAL (
            SELECT FROM qkron.tasks t
            WHERE t.id = e.task_id
              AND \(isReady(ifIdle: "\(inProgressNow) = 0", ifRoom: "\(inProgressNow) < \(taskLimit)"))
              AND \(isCarried(by: labels))
            FOR NO KEY UPDATE OF t SKIP LOCKED) AS t
        LIMIT \(limit)
        """
    }

    /// Of all that wait.
    static func lockingClaimableAnywhere(labels: [String], limit: Int, taskLimit: Int) -> SQL {
        """
        \(inProgress)
        SELECT e.id
        FROM qkron.executions e JOIN qkron.tasks t ON t.id = e.task_id
        WHERE \(isReadyByInProgress(taskLimit: taskLimit)) AND \(isCarried(by: labels))
        ORDER BY e.priority DESC, e.scheduled_for, e.id
        LIMIT \(limit)
        FOR NO KEY UPDATE OF t SKIP LOCKED
        """
    }

    /// How many runs each task has in progress, counted once and not for every execution that waits: those that run,
    /// and those between two attempts.
    private static let inProgress: SQL = """
        WITH in_progress AS MATERIALIZED (
            SELECT task_id, count(*) AS runs
            FROM (SELECT task_id FROM qkron.executions WHERE status = 'running'
                  UNION ALL
                  SELECT task_id FROM qkron.executions
                  WHERE status = 'pending' AND attempt_number > 0 AND started_at IS NOT NULL) AS r
            GROUP BY task_id)
        """

    /// How many runs the task of `e` has in progress.
    private static let inProgressNow: SQL = """
        (SELECT count(*) FROM qkron.executions r
         WHERE r.task_id = e.task_id AND r.status IN ('pending', 'running') AND r.started_at IS NOT NULL)
        """

    /// Whether the execution `e` of the task `t` may start its next attempt.
    ///
    /// - Parameters:
    ///   - isIdle: whether the task has no run in progress.
    ///   - hasRoom: whether it has fewer than it may have beside each other.
    private static func isReady(ifIdle isIdle: SQL, ifRoom hasRoom: SQL) -> SQL {
        """
        e.status = 'pending' AND e.not_before <= statement_timestamp()
        AND (e.started_at IS NOT NULL
             OR (t.overlap_policy = 'allow' AND \(hasRoom))
             OR (t.overlap_policy <> 'allow' AND \(isIdle) AND NOT EXISTS (\(earlierInLine))))
        """
    }

    /// The same where `inProgress` stands before it. What it finds is hashed once, by NOT IN, which needs no join.
    private static func isReadyByInProgress(taskLimit: Int) -> SQL {
        isReady(
            ifIdle: "e.task_id NOT IN (SELECT task_id FROM in_progress)",
            ifRoom: "e.task_id NOT IN (SELECT task_id FROM in_progress WHERE runs >= \(taskLimit))")
    }

    /// Whether a server of these labels may run the task `t`. The second half would suffice; yet the planner takes `<@`
    /// for a rare thing, and would read all tasks first.
    static func isCarried(by labels: [String]) -> SQL {
        "CASE WHEN t.requires = '{}' THEN true ELSE t.requires <@ \(labels) END"
    }

    /// What waits for the same task as `e` and comes first, be it only the retry of a lost run, for its delay. Asked so
    /// that one index alone answers: by `pending` the planner might read all that wait.
    private static let earlierInLine: SQL = """
        SELECT FROM qkron.executions o
        WHERE o.task_id = e.task_id AND o.status IN ('pending', 'running') AND o.started_at IS NULL
          AND (o.scheduled_for, o.id) < (e.scheduled_for, e.id)
        """

    /// Grants `node` the next attempts of up to `limit` executions whose tasks require no label that it lacks, in one
    /// transaction with what tells of it: the tasks read `running`. Nothing is granted to a node that is draining,
    /// whose own lease has lapsed, or that started again since.
    ///
    /// - Parameter taskLimit: the most runs of one task beside each other, where its overlap policy is `allow`.
    package func claim(for node: Node, limit: Int, taskLimit: Int) async throws -> [Lease] {
        guard try await lockRightToClaim(of: node) else { return [] }
        let candidates = try await claimable(by: node, limit: limit, taskLimit: taskLimit)
        guard !candidates.isEmpty else { return [] }
        // A second statement: it sees what was committed before the tasks were locked, and nobody else may add to it.
        let rows = try await rows(
            """
            WITH candidate AS (
                \(Self.standings(of: candidates, node.labels))
            ), granted AS (
                SELECT c.* FROM candidate c
                WHERE c.goes_on
                   OR (c.is_exclusive AND c.live = 0 AND NOT c.has_earlier)
                   OR (NOT c.is_exclusive AND c.live + c.place <= \(taskLimit))
            ), started AS (
                \(Self.startingTasks)
            ), forgotten AS (
                DELETE FROM qkron.execution_output o USING granted g WHERE g.goes_on AND o.execution_id = g.id
            )
            \(Self.beginningAttempts(on: node))
            RETURNING \(Lease.columns)
            """)
        return try decode(rows, Lease.init(row:))
    }

    /// How each of these executions stands to the others of its task, of those that are ready still.
    private static func standings(of candidates: [UUID], _ labels: [String]) -> SQL {
        """
        SELECT e.id, e.task_id, e.attempt_number, e.started_at IS NOT NULL AS goes_on,
               -- A run keeps what it began as: runs that began under 'allow' may go on side by side.
               CASE WHEN e.started_at IS NOT NULL THEN e.is_exclusive
                    ELSE t.overlap_policy <> 'allow' END AS is_exclusive,
               (SELECT count(*) FROM qkron.executions o
                WHERE o.task_id = e.task_id AND o.status IN ('pending', 'running')
                  AND o.started_at IS NOT NULL) AS live,
               row_number() OVER (PARTITION BY e.task_id, e.started_at IS NULL
                                  ORDER BY e.scheduled_for, e.id) AS place,
               EXISTS (\(earlierInLine)) AS has_earlier
        FROM qkron.executions e JOIN qkron.tasks t ON t.id = e.task_id
        WHERE e.id = ANY(\(candidates)) AND (e.status = 'pending') IS TRUE
          AND e.not_before <= clock_timestamp()
          AND \(isCarried(by: labels))
        """
    }

    /// The tasks of what is `granted` read `running`.
    private static let startingTasks: SQL = """
        UPDATE qkron.tasks t
        SET status = CASE WHEN t.status = 'cancelled' THEN t.status ELSE 'running' END,
            last_run = CASE WHEN g.begins THEN statement_timestamp() ELSE t.last_run END,
            retry_count = CASE WHEN g.begins THEN g.earlier ELSE t.retry_count END
        FROM (SELECT task_id, bool_or(NOT goes_on) AS begins,
                     -- Those of the lost run that a run under trigger 'retry' counts on from.
                     coalesce(max(attempt_number) FILTER (WHERE NOT goes_on), 0) AS earlier
              FROM granted GROUP BY task_id) AS g
        WHERE t.id = g.task_id
        """

    /// The executions that are `granted` run their next attempt on `node`.
    private static func beginningAttempts(on node: Node) -> SQL {
        """
        UPDATE qkron.executions e
        SET status = 'running', reason = NULL, attempt_number = e.attempt_number + 1,
            fencing_token = nextval('qkron.fencing_tokens'), node_id = \(node.id.uuid),
            node_epoch = \(node.epoch), node_name = \(node.name), is_exclusive = g.is_exclusive,
            started_at = coalesce(e.started_at, statement_timestamp()),
            attempt_started_at = statement_timestamp(),
            attempt_ended_at = NULL, attempt_status = NULL, attempt_reason = NULL, return_code = NULL, error = NULL,
            result = NULL, cancel_reason = NULL,
            earlier_attempts = CASE WHEN g.goes_on THEN e.earlier_attempts || \(Execution.attemptRecord)
                                    ELSE e.earlier_attempts END
        FROM granted g JOIN qkron.tasks t ON t.id = g.task_id
        WHERE e.id = g.id
        """
    }

    /// Seconds until the next waiting execution that `node` may run can start, by the database's clock; 0 if one can
    /// now, nil if none waits for a time or the node is draining.
    ///
    /// - Parameter taskLimit: as for `claim`.
    package func secondsUntilReady(for node: Node, taskLimit: Int) async throws -> Double? {
        try await one(Self.askingUntilReady(for: node, taskLimit: taskLimit))
    }

    /// A lapsed lease is left out: nobody would wake the server when it is renewed, which is soon.
    static func askingUntilReady(for node: Node, taskLimit: Int) -> SQL {
        """
        \(inProgress)
        SELECT CASE WHEN NOT EXISTS (SELECT FROM qkron.nodes
                                     WHERE id = \(node.id.uuid) AND epoch = \(node.epoch) AND NOT is_draining)
                    THEN NULL
                    WHEN EXISTS (SELECT FROM qkron.executions e JOIN qkron.tasks t ON t.id = e.task_id
                                 WHERE \(isReadyByInProgress(taskLimit: taskLimit))
                                   AND \(isCarried(by: node.labels)))
                    THEN 0
                    ELSE extract(epoch FROM least(\(nextReady("e.attempt_number > 0", node)),
                                                  \(nextReady("e.reason = 'jitter'", node)))
                                            - clock_timestamp())::float8
               END AS value
        """
    }

    /// When the first of those that wait for a time is ready, asked so that an index of just them answers.
    private static func nextReady(_ waits: SQL, _ node: Node) -> SQL {
        """
        (SELECT e.not_before FROM qkron.executions e JOIN qkron.tasks t ON t.id = e.task_id
         WHERE e.status = 'pending' AND \(waits) AND e.not_before > statement_timestamp()
           AND \(isCarried(by: node.labels))
         ORDER BY e.not_before
         LIMIT 1)
        """
    }
}
