import Domain
import Foundation
import Postgres

/// What tells of a task's slots in a window of time.
extension Store {
    /// The database's clock, and up to which slot executions of the task may have been pruned.
    package func pruning(
        of task: Identifier<TaskDefinition>
    ) async throws -> (now: Date, prunedBefore: Date?) {
        let rows = try await rows(
            """
            SELECT clock_timestamp() AS now,
                   (SELECT pruned_before FROM qkron.tasks WHERE id = \(task.uuid)) AS pruned_before
            """)
        return try only(
            try decode(rows) { (now: try $0.decode("now"), prunedBefore: try $0.decode("pruned_before")) })
    }

    /// What was in force of a task's schedule in a window, or was set for a once time in it, oldest first, at most
    /// `limit` periods.
    package func schedulePeriods(
        of task: Identifier<TaskDefinition>, since: Date, until: Date, limit: Int
    ) async throws -> [SchedulePeriod] {
        let rows = try await rows(
            """
            SELECT schedule_type, schedule, timezone, dst_policy, starts_at, ends_at, anchor, once_at,
                   is_active AND owner_is_active AS is_active, valid_from, valid_until
            FROM qkron.task_schedules
            WHERE task_id = \(task.uuid)
              AND (valid_from < \(until) AND (valid_until IS NULL OR valid_until >= \(since))
                   OR once_at >= \(since) AND once_at < \(until))
            ORDER BY valid_from, id
            LIMIT \(limit)
            """)
        return try decode(rows) { row in
            SchedulePeriod(
                timing: try TaskTiming(row: row), isActive: try row.decode("is_active"),
                from: try row.decode("valid_from"), until: try row.decode("valid_until"))
        }
    }

    /// The executions that a task's schedule made for slots in a window, at most `limit`.
    package func slotRuns(
        of task: Identifier<TaskDefinition>, since: Date, until: Date, limit: Int
    ) async throws -> [SlotRun] {
        let rows = try await rows(
            """
            SELECT e.scheduled_for, e.id, e.status, \(Execution.standingReason) AS reason
            FROM qkron.executions e JOIN qkron.tasks t ON t.id = e.task_id
            WHERE e.task_id = \(task.uuid) AND e.trigger = 'schedule'
              AND e.scheduled_for >= \(since) AND e.scheduled_for < \(until)
            ORDER BY e.scheduled_for
            LIMIT \(limit)
            """)
        return try decode(rows, SlotRun.init(row:))
    }

    /// Of a task's executions that repeat another the latest for each instant in a window, at most `limit`.
    package func slotRepeats(
        of task: Identifier<TaskDefinition>, since: Date, until: Date, limit: Int
    ) async throws -> [SlotRun] {
        let rows = try await rows(
            """
            SELECT DISTINCT ON (e.scheduled_for) e.scheduled_for, e.id, e.status,
                   \(Execution.standingReason) AS reason
            FROM qkron.executions e JOIN qkron.tasks t ON t.id = e.task_id
            WHERE e.task_id = \(task.uuid) AND e.retry_of IS NOT NULL
              AND e.scheduled_for >= \(since) AND e.scheduled_for < \(until)
            ORDER BY e.scheduled_for, e.created_at DESC, e.id DESC
            LIMIT \(limit)
            """)
        return try decode(rows, SlotRun.init(row:))
    }
}

extension SlotRun {
    fileprivate init(row: PostgresRow) throws(PostgresError) {
        self.init(
            scheduledFor: try row.decode("scheduled_for"), id: Identifier(try row.decode("id")),
            status: try row.named("status"), reason: try row.namedIfPresent("reason"))
    }
}
