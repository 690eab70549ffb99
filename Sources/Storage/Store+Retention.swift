import Domain
import Foundation
import Postgres

/// An ended execution that may go, or one that was looked at and stays.
package struct PruningCandidate: Sendable {
    /// Its id.
    package let id: Identifier<Execution>
    /// The task that it is a run of.
    package let task: Identifier<TaskDefinition>
    /// Its slot.
    package let scheduledFor: Date
    /// When it was made.
    package let createdAt: Date
    /// Whether it may go.
    package let isPrunable: Bool
}

/// The newest execution of a task that is one too many.
package struct SurplusEdge: Sendable {
    /// The task.
    package let task: Identifier<TaskDefinition>
    /// When the execution was made.
    package let createdAt: Date
    /// Its id.
    package let id: Identifier<Execution>
}

/// History is pruned without waiting for anybody, and without the locks of tasks: an execution that has ended never
/// changes, so nobody else locks one, but for whoever deletes its task, and is passed over then. Rows are found in the
/// order of their ids, which is about that of their making, so that those of a batch lie together; the ids' clock only
/// decides when they are looked at, the database's what is old.
extension Store {
    /// Grants the turn to prune until the transaction ends; nobody else has it meanwhile.
    ///
    /// - Parameter pause: seconds that must have passed since the last sweep of any server; nil asks for none.
    package func takePruningTurn(after pause: Int?) async throws -> Bool {
        guard try await one(AdvisoryLock.pruning.trying) else { return false }
        // The batches run over other connections meanwhile.
        try await change("SET LOCAL idle_in_transaction_session_timeout TO '10min'")
        guard let pause else { return true }
        return try await one(
            """
            SELECT NOT EXISTS (
                SELECT FROM qkron.settings
                WHERE key = 'last_pruning'
                  AND updated_at > clock_timestamp() - make_interval(secs => \(pause))) AS value
            """)
    }

    /// Notes that a sweep is complete.
    package func notePruning() async throws {
        try await change(
            """
            INSERT INTO qkron.settings (key, value) VALUES ('last_pruning', 'true')
            ON CONFLICT (key) DO UPDATE SET updated_at = clock_timestamp()
            """)
    }

    /// The database's clock, so many days ago.
    package func daysAgo(_ days: Int) async throws -> Date {
        try await one("SELECT clock_timestamp() - make_interval(secs => \(days * 86_400)) AS value")
    }

    /// The next executions by id that were made before `cutoff`, and which of them ended before it, are not the
    /// latest of their tasks, and owe nobody a message.
    package func executions(
        madeBefore cutoff: Date, after id: Identifier<Execution>?, limit: Int
    ) async throws -> [PruningCandidate] {
        let rows = try await rows(
            """
            SELECT e.id, e.task_id, e.scheduled_for, e.created_at,
                   e.ended_at < \(cutoff) AND \(Self.mayGo) AS is_prunable
            FROM (SELECT * FROM qkron.executions
                  WHERE id > \(id?.uuid ?? UUID.zero) AND id < \(UUID(version7Before: cutoff))
                  ORDER BY id LIMIT \(limit)) AS e
            JOIN qkron.tasks t ON t.id = e.task_id
            ORDER BY e.id
            """)
        return try decode(rows, PruningCandidate.init(row:))
    }

    /// Of the next `limit` tasks by id the edges of those that have more than `kept` executions, and the last of the
    /// tasks that were looked at; nil if there are no more.
    package func surplusEdges(
        keeping kept: Int, after task: Identifier<TaskDefinition>?, limit: Int
    ) async throws -> (edges: [SurplusEdge], last: Identifier<TaskDefinition>?) {
        let rows = try await rows(
            """
            SELECT t.id AS task_id, e.id, e.created_at
            FROM (SELECT id FROM qkron.tasks WHERE id > \(task?.uuid ?? UUID.zero) ORDER BY id LIMIT \(limit)) AS t
            LEFT JOIN LATERAL (
                SELECT o.id, o.created_at FROM qkron.executions o
                WHERE o.task_id = t.id
                ORDER BY o.created_at DESC, o.id DESC OFFSET \(kept) LIMIT 1) AS e ON true
            ORDER BY t.id
            """)
        let tasks = try decode(rows) { row -> (task: Identifier<TaskDefinition>, edge: SurplusEdge?) in
            let task = Identifier<TaskDefinition>(try row.decode("task_id", as: UUID.self))
            guard let id: UUID = try row.decode("id", as: UUID?.self) else { return (task, nil) }
            return (task, SurplusEdge(task: task, createdAt: try row.decode("created_at"), id: Identifier(id)))
        }
        return (tasks.compactMap(\.edge), tasks.last?.task)
    }

    /// The oldest executions of a task, after the one looked at last and up to an edge, that have ended and are not its
    /// latest.
    package func executions(
        upTo edge: SurplusEdge, after last: PruningCandidate?, limit: Int
    ) async throws -> [PruningCandidate] {
        let rows = try await rows(
            """
            SELECT e.id, e.task_id, e.scheduled_for, e.created_at, true AS is_prunable
            FROM qkron.executions e JOIN qkron.tasks t ON t.id = e.task_id
            WHERE e.task_id = \(edge.task.uuid) AND (e.created_at, e.id) <= (\(edge.createdAt), \(edge.id.uuid))
              AND (e.created_at, e.id) > (\(last?.createdAt ?? .distantPast), \(last?.id.uuid ?? UUID.zero))
              AND e.ended_at IS NOT NULL AND \(Self.mayGo)
            ORDER BY e.created_at, e.id
            LIMIT \(limit)
            """)
        return try decode(rows, PruningCandidate.init(row:))
    }

    /// Whether nobody waits to be told of the execution `e`.
    private static let owesNothing: SQL = """
        NOT EXISTS (SELECT FROM qkron.deliveries d WHERE d.execution_id = e.id AND (d.status = 'pending') IS TRUE)
        """

    /// Whether the execution `e` of the task `t` is neither the one that started last nor the newest, and nobody waits
    /// to be told of it.
    private static let mayGo: SQL = """
        (\(owesNothing)
         AND e.started_at IS DISTINCT FROM t.last_run AND EXISTS (
            SELECT FROM qkron.executions o
            WHERE o.task_id = e.task_id AND (o.created_at, o.id) > (e.created_at, e.id)))
        """

    /// Tells of tasks that slots before an instant may lose their executions; a task that somebody is busy with is
    /// passed over. Committed before anything is deleted, so that no task is locked for longer than this takes.
    package func markPruned(_ bounds: [Identifier<TaskDefinition>: Date]) async throws {
        try await change(
            """
            WITH bound AS (
                SELECT * FROM unnest(\(bounds.map(\.key.uuid)), \(bounds.map(\.value))) AS b (id, instant)
            ), free AS (
                SELECT t.id, b.instant
                FROM bound b JOIN qkron.tasks t ON t.id = b.id
                WHERE t.pruned_before IS NULL OR t.pruned_before < b.instant
                FOR NO KEY UPDATE OF t SKIP LOCKED
            )
            UPDATE qkron.tasks t SET pruned_before = f.instant FROM free f WHERE t.id = f.id
            """)
    }

    /// Deletes executions with their output, of those whose tasks tell of it.
    ///
    /// - Returns: how many went.
    package func pruneExecutions(_ ids: [Identifier<Execution>]) async throws -> Int {
        try await change(
            """
            DELETE FROM qkron.executions d
            USING (SELECT e.id FROM qkron.executions e JOIN qkron.tasks t ON t.id = e.task_id
                   WHERE e.id = ANY(\(ids.map(\.uuid))) AND e.ended_at IS NOT NULL AND e.scheduled_for < t.pruned_before
                   FOR UPDATE OF e SKIP LOCKED) AS e
            WHERE d.id = e.id
            """)
    }

    /// Deletes the output of executions that ended before `cutoff`, among the next `limit` outputs by id that were made
    /// before it.
    ///
    /// - Returns: how many went, and the last id that was looked at; nil if there are no more.
    package func pruneOutput(
        madeBefore cutoff: Date, after id: Identifier<Execution>?, limit: Int
    ) async throws -> (pruned: Int, last: Identifier<Execution>?) {
        let found = try await rows(
            """
            SELECT o.execution_id, e.ended_at < \(cutoff) AND \(Self.owesNothing) AS is_prunable
            FROM (SELECT execution_id FROM qkron.execution_output
                  WHERE execution_id > \(id?.uuid ?? UUID.zero) AND execution_id < \(UUID(version7Before: cutoff))
                  ORDER BY execution_id LIMIT \(limit)) AS o
            JOIN qkron.executions e ON e.id = o.execution_id
            ORDER BY o.execution_id
            """)
        let looked = try decode(found) { row in
            (
                id: try row.decode("execution_id", as: UUID.self),
                isPrunable: try row.decode("is_prunable", as: Bool?.self)
            )
        }
        let pruned = try await change(
            """
            DELETE FROM qkron.execution_output d
            USING (SELECT execution_id FROM qkron.execution_output
                   WHERE execution_id = ANY(\(looked.filter { $0.isPrunable == true }.map(\.id)))
                   FOR UPDATE SKIP LOCKED) AS o
            WHERE d.execution_id = o.execution_id
            """)
        return (pruned, looked.last.map { Identifier($0.id) })
    }

    /// Deletes up to `limit` lines of the audit log from before `cutoff`, the oldest first.
    ///
    /// - Returns: how many went.
    package func pruneAudit(before cutoff: Date, limit: Int) async throws -> Int {
        try await change(
            """
            DELETE FROM qkron.audit d
            USING (SELECT at, id FROM qkron.audit WHERE at < \(cutoff) ORDER BY at, id LIMIT \(limit)
                   FOR UPDATE SKIP LOCKED) AS a
            WHERE d.at = a.at AND d.id = a.id
            """)
    }
}

extension PruningCandidate {
    fileprivate init(row: PostgresRow) throws(PostgresError) {
        self.init(
            id: Identifier(try row.decode("id")),
            task: Identifier(try row.decode("task_id")),
            scheduledFor: try row.decode("scheduled_for"),
            createdAt: try row.decode("created_at"),
            isPrunable: try row.decode("is_prunable", as: Bool?.self) ?? false)
    }
}

extension UUID {
    static let zero = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))

    /// No smaller than any of version 7 that was made before an instant, and smaller than those made a millisecond
    /// later.
    fileprivate init(version7Before instant: Date) {
        let milliseconds = UInt64(max(0, instant.timeIntervalSince1970 * 1_000)) + 1
        let bytes = withUnsafeBytes(of: (milliseconds << 16).bigEndian) { Array($0) }
        self.init(
            uuid: (bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
    }
}
