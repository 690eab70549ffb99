import Domain
import Foundation
import Postgres

/// What became of unfinished executions that were cancelled.
package struct Cancellation: Sendable, Equatable {
    /// How many had been waiting and have ended, by the kind of their tasks.
    package var ended: [ActionKind: Int] = [:]
    /// Whether any was running, and is wished to end.
    package var hasWishes = false
    /// Whether messages may be owed for those that have ended.
    package var owesMessages = false

    /// Nothing was to be cancelled.
    package init() {}
}

extension Store {
    /// The execution of this id with its whole output, if it belongs to `task`.
    package func execution(
        _ id: Identifier<Execution>, of task: Identifier<TaskDefinition>
    ) async throws -> Execution? {
        let rows = try await rows(
            """
            SELECT \(Execution.columns), \(Execution.outputColumns)
            FROM qkron.executions e
            JOIN qkron.tasks t ON t.id = e.task_id
            LEFT JOIN qkron.execution_output o ON o.execution_id = e.id
            \(Execution.joiningCallback)
            WHERE e.id = \(id.uuid) AND e.task_id = \(task.uuid)
            """)
        return try decode(rows, Execution.init(row:)).first
    }

    /// The task that an execution is a run of.
    package func task(of id: Identifier<Execution>) async throws -> Identifier<TaskDefinition>? {
        let rows = try await read("SELECT task_id FROM qkron.executions WHERE id = \(id.uuid)")
        return try decode(rows) { Identifier<TaskDefinition>(try $0.decode("task_id")) }.first
    }

    /// Where an execution of a task stands; nil if the task has none of this id.
    package func status(
        of id: Identifier<Execution>, task: Identifier<TaskDefinition>
    ) async throws -> ExecutionStatus? {
        let rows = try await rows(
            "SELECT status FROM qkron.executions WHERE id = \(id.uuid) AND task_id = \(task.uuid)")
        return try decode(rows) { try $0.named("status") as ExecutionStatus }.first
    }

    /// Cancels unfinished executions of locked tasks: the waiting ones at once, the running ones by a wish that their
    /// server finds with its next renewal.
    ///
    /// - Parameters:
    ///   - only: this execution alone, else all of the tasks.
    ///   - spared: executions that go on.
    package func cancelUnfinished(
        of tasks: [Identifier<TaskDefinition>], only: Identifier<Execution>? = nil,
        sparing spared: Set<Identifier<Execution>> = [], reason: Reason
    ) async throws -> Cancellation {
        let chosen: SQL = """
            e.task_id = ANY(\(tasks.map(\.uuid))) AND (\(only?.uuid)::uuid IS NULL OR e.id = \(only?.uuid))
            AND e.id <> ALL(\(spared.map(\.uuid)))
            """
        let rows = try await rows(
            """
            UPDATE qkron.executions e
            SET status = 'cancelled', reason = \(reason.rawValue), ended_at = clock_timestamp()
            FROM qkron.tasks t
            WHERE t.id = e.task_id AND e.status IN ('pending', 'running') AND (e.status = 'pending') IS TRUE
              AND \(chosen)
            RETURNING e.id, t.task_type
            """)
        let ended = try decode(rows) {
            (Identifier<Execution>(try $0.decode("id")), ActionKind(rawValue: try $0.decode("task_type")))
        }
        var cancellation = Cancellation()
        cancellation.owesMessages = try await settleTasks(after: ended.map(\.0))
        for (_, kind) in ended { cancellation.ended[kind, default: 0] += 1 }
        cancellation.hasWishes =
            try await change(
                """
                UPDATE qkron.executions e SET cancel_reason = coalesce(e.cancel_reason, \(reason.rawValue))
                WHERE e.status = 'running' AND \(chosen)
                """) > 0
        return cancellation
    }

    /// Lets the tasks follow what was done to executions: their retries count as those of the latest run, and where no
    /// other run is in progress and no retry of a lost one waits, they end as it did. What is owed to someone for the
    /// executions is written. The tasks must be locked.
    ///
    /// - Returns: whether messages may be owed.
    func settleTasks(after executions: [Identifier<Execution>]) async throws -> Bool {
        guard !executions.isEmpty else { return false }
        // Tells of callbacks as well, so that where there are none, nobody pays for them.
        let mayOwe: Bool = try await one(
            """
            WITH settled AS (
                UPDATE qkron.tasks t
                SET -- Beside the latest run, others that the task allows may end later.
                    retry_count = CASE WHEN t.last_run = l.started_at THEN l.retries ELSE t.retry_count END,
                    status = CASE WHEN t.status <> 'running' OR l.status IS NULL
                                    OR EXISTS (SELECT FROM qkron.executions o
                                               WHERE o.task_id = t.id AND o.status IN ('pending', 'running')
                                                 AND (o.started_at IS NOT NULL OR o.trigger = 'retry')
                                               -- Asked task by task: hashed, all that has not ended would be read.
                                               OFFSET 0) THEN t.status
                                  WHEN l.status = 'completed' THEN 'completed'
                                  ELSE 'failed' END
                FROM (SELECT e.task_id, max(e.started_at) AS started_at,
                             (array_agg(e.attempt_number
                                        - CASE WHEN e.attempt_status IN ('failed', 'timeout') THEN 0 ELSE 1 END
                                        ORDER BY e.started_at DESC NULLS LAST, e.id DESC))[1] AS retries,
                             (array_agg(e.status ORDER BY e.started_at DESC NULLS FIRST)
                              FILTER (WHERE e.ended_at IS NOT NULL
                                        AND (e.started_at IS NOT NULL OR e.trigger = 'retry')))[1] AS status
                      FROM qkron.executions e
                      WHERE e.id = ANY(\(executions.map(\.uuid)))
                      GROUP BY e.task_id) AS l
                WHERE t.id = l.task_id
                RETURNING t.callback_url IS NOT NULL AS has_callback
            )
            SELECT coalesce(bool_or(has_callback), false) AS value FROM settled
            """)
        if mayOwe { try await oweCallbacks(for: executions) }
        return mayOwe
    }
}
