import Domain
import Foundation
import Postgres

extension Execution {
    /// The columns that `init(row:)` reads, but for the output, of the tables under the names `e` (executions), `t`
    /// (tasks) and `d` (its callback). What a pending execution waits for is told from how things stand now.
    static let columns: SQL = """
        e.id, e.task_id, t.name AS task_name, e.scheduled_for, e.trigger, e.status, e.started_at, e.ended_at, e.result,
        e.error, e.attempt_number, e.earlier_attempts, e.retry_of, e.return_code, e.node_name, e.fencing_token,
        e.created_at, \(standingReason) AS reason, d.status AS callback_status, d.tries AS callback_tries,
        d.error AS callback_error, d.sent_at AS callback_sent_at
        """

    /// Finds the callback `d` of the execution `e`.
    static let joiningCallback: SQL = """
        LEFT JOIN qkron.deliveries d ON d.execution_id = e.id AND d.kind = 'callback'
        """

    /// Why the execution `e` of the task `t` stands where it stands.
    static let standingReason: SQL = """
        CASE
            WHEN e.status <> 'pending' THEN e.reason
            WHEN e.not_before > clock_timestamp() THEN
                CASE WHEN e.attempt_number = 0 THEN \(word(.jitter)) ELSE \(word(.retryDelay)) END
            WHEN NOT EXISTS (
                SELECT FROM qkron.nodes n
                WHERE n.lease_expires_at > clock_timestamp() AND NOT n.is_draining AND t.requires <@ n.labels)
                THEN \(word(.noServer))
            WHEN e.started_at IS NULL AND t.overlap_policy <> 'allow' AND EXISTS (
                SELECT FROM qkron.executions o
                WHERE o.task_id = e.task_id AND o.id <> e.id AND o.status IN ('pending', 'running')
                  AND (o.started_at IS NOT NULL OR (o.scheduled_for, o.id) < (e.scheduled_for, e.id)))
                THEN \(word(.overlap))
            WHEN e.not_before < clock_timestamp() - interval '1 second' THEN \(word(.concurrency))
        END
        """

    private static func word(_ reason: Reason) -> SQL { "\(reason.rawValue)" }

    /// The columns of the whole output, of the table under the name `o`.
    static let outputColumns: SQL = """
        coalesce(o.stdout, '') AS stdout, coalesce(o.stderr, '') AS stderr,
        coalesce(o.stdout_truncated, false) AS stdout_truncated, coalesce(o.stderr_truncated, false) AS stderr_truncated
        """

    /// The columns of as much output as a row of a list shows: a short text, or head and tail of a long one, which is
    /// itself not read.
    static let outputExcerptColumns: SQL = """
        \(excerptColumns(of: "stdout")), \(excerptColumns(of: "stderr")),
        coalesce(o.stdout_truncated, false) AS stdout_truncated, coalesce(o.stderr_truncated, false) AS stderr_truncated
        """

    private static func excerptColumns(of stream: SQL) -> SQL {
        let limit = Int32(OutputText.listLimit)
        let isLong: SQL = "octet_length(o.\(stream)) > \(limit)"
        return """
            coalesce(octet_length(o.\(stream)), 0) AS \(stream)_bytes,
            CASE WHEN \(isLong) THEN coalesce(o.\(stream)_head, left(o.\(stream), \(limit / 2)))
                 ELSE coalesce(o.\(stream), '') END AS \(stream),
            CASE WHEN \(isLong) THEN coalesce(o.\(stream)_tail, right(o.\(stream), \(limit / 2))) END AS \(stream)_tail
            """
    }

    /// The latest attempt of the execution `e` as an element of `earlier_attempts`.
    static let attemptRecord: SQL = """
        jsonb_build_array(jsonb_build_object(
            'attempt_number', e.attempt_number, 'status', e.attempt_status, 'reason', e.attempt_reason,
            'return_code', e.return_code, 'error', e.error,
            'start_time', to_char(e.attempt_started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            'end_time', to_char(e.attempt_ended_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')))
        """

    /// The execution of a row, with its whole output.
    init(row: PostgresRow) throws(PostgresError) {
        try self.init(
            row: row,
            stdout: OutputText(text: try row.decode("stdout"), isTruncated: try row.decode("stdout_truncated")),
            stderr: OutputText(text: try row.decode("stderr"), isTruncated: try row.decode("stderr_truncated")))
    }

    /// The execution of a row of a list, with an excerpt of its output.
    init(listRow row: PostgresRow) throws(PostgresError) {
        try self.init(row: row, stdout: try row.excerpt("stdout"), stderr: try row.excerpt("stderr"))
    }

    private init(row: PostgresRow, stdout: OutputText, stderr: OutputText) throws(PostgresError) {
        self.init(
            id: Identifier(try row.decode("id")),
            taskID: Identifier(try row.decode("task_id")),
            taskName: try row.decode("task_name"),
            scheduledFor: try row.decode("scheduled_for"),
            trigger: try row.named("trigger"),
            status: try row.named("status"),
            reason: try row.namedIfPresent("reason"),
            startedAt: try row.decode("started_at"),
            endedAt: try row.decode("ended_at"),
            result: try row.jsonIfPresent("result"),
            error: try row.decode("error"),
            attemptNumber: try row.decode("attempt_number"),
            earlierAttempts: try row.json("earlier_attempts"),
            retryOf: try row.decode("retry_of", as: UUID?.self).map(Identifier.init),
            returnCode: try row.decode("return_code"),
            stdout: stdout,
            stderr: stderr,
            node: try row.decode("node_name"),
            fencingToken: try row.decode("fencing_token"),
            createdAt: try row.decode("created_at"),
            callback: try Delivery(callbackOf: row))
    }
}

extension Delivery {
    /// The callback of an execution's row; nil where none is owed.
    fileprivate init?(callbackOf row: PostgresRow) throws(PostgresError) {
        guard let status: Status = try row.namedIfPresent("callback_status") else { return nil }
        self.init(
            status: status, tries: try row.decode("callback_tries"), error: try row.decode("callback_error"),
            sentAt: try row.decode("callback_sent_at"))
    }
}

extension PostgresRow {
    fileprivate func excerpt(_ stream: String) throws(PostgresError) -> OutputText {
        let head: String = try decode(stream)
        let bytes: Int = try decode("\(stream)_bytes")
        let isTruncated: Bool = try decode("\(stream)_truncated")
        guard bytes > OutputText.listLimit else { return OutputText(text: head, isTruncated: isTruncated) }
        return OutputText(
            text: OutputText.cut(
                head: head, tail: try decode("\(stream)_tail"), byteCount: bytes, limit: OutputText.listLimit),
            isTruncated: true)
    }
}
