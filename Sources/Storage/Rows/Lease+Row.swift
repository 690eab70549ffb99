import Domain
import Postgres

extension Lease {
    /// The columns that `init(row:)` reads, of the tables under the names `e` (executions) and `t` (tasks).
    static let columns: SQL = """
        e.id, e.task_id, e.fencing_token, e.attempt_number, e.trigger, e.scheduled_for, e.attempt_started_at,
        CASE WHEN t.jitter > 0 THEN greatest(e.scheduled_for, e.not_before) ELSE e.scheduled_for END AS due_at,
        e.attempt_started_at = e.started_at AS is_first_attempt, t.task_type, t.parameters, t.sealed_env,
        t.timezone, t.timeout, t.max_retries, t.retry_delay, t.retry_backoff,
        (SELECT o.role FROM qkron.users o WHERE o.id = t.owner_id) AS owner_role
        """

    /// The lease of a row.
    init(row: PostgresRow) throws(PostgresError) {
        self.init(
            executionID: Identifier(try row.decode("id")),
            taskID: Identifier(try row.decode("task_id")),
            fencingToken: try row.decode("fencing_token"),
            attempt: try row.decode("attempt_number"),
            trigger: try row.named("trigger"),
            scheduledFor: try row.decode("scheduled_for"),
            dueAt: try row.decode("due_at"),
            grantedAt: try row.decode("attempt_started_at"),
            isFirstAttempt: try row.decode("is_first_attempt"),
            action: try Action(row: row),
            timezone: try row.decode("timezone"),
            timeout: try row.decode("timeout"),
            retryPolicy: try RetryPolicy(row: row),
            ownerRole: try row.namedIfPresent("owner_role"))
    }
}
