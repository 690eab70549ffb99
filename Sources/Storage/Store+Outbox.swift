import Domain
import Foundation
import Postgres

/// A message that is due, with the right to one try at it.
package struct DueDelivery: Sendable {
    /// Its id, the same at each try.
    package let id: Identifier<Delivery>
    /// Whose task it is; nil for the service key.
    package let owner: Identifier<User>?
    /// Where it goes, as it was stored.
    package let url: String
    /// Tries before this one.
    package let tries: Int
    /// The task whose run has ended.
    package let task: Identifier<TaskDefinition>
    /// The run.
    package let execution: Identifier<Execution>
    /// How it ended.
    package let status: ExecutionStatus
    /// What its command answered, if it ended by itself.
    package let returnCode: Int?
    /// What went wrong with it.
    package let error: String?
    /// As much of its output as a message holds.
    package let stdout: String
    /// Refuses whoever has lost the right.
    fileprivate let lease: UUID
}

/// What became of a try.
package enum DeliveryOutcome: Sendable, Equatable {
    case sent
    /// The next one starts so many seconds later.
    case again(after: Double, error: String)
    case failed(error: String)
}

extension Store {
    /// Bytes of output that a message holds.
    private static let outputLimit = 64 * 1024

    /// Writes what is owed for those of the executions that have reached the end of their run. Runs in the transaction
    /// that ends them, so that no crash can end a run and forget to tell.
    func oweCallbacks(for executions: [Identifier<Execution>]) async throws {
        try await change(
            """
            INSERT INTO qkron.deliveries (id, execution_id, kind, owner_id, url, next_try, created_at)
            SELECT n.id, e.id, 'callback', t.owner_id, t.callback_url, clock_timestamp(), clock_timestamp()
            FROM unnest(\(executions.map { _ in Identifier<Delivery>().uuid }), \(executions.map(\.uuid)))
                 AS n (id, execution_id)
            JOIN qkron.executions e ON e.id = n.execution_id
            JOIN qkron.tasks t ON t.id = e.task_id
            -- The retry of a lost run counts on from it: cancelled before it started, it ends what had begun.
            WHERE t.callback_url IS NOT NULL AND e.ended_at IS NOT NULL AND e.attempt_number > 0
              AND NOT (e.reason IN ('lost', 'shutdown')
                       AND EXISTS (SELECT FROM qkron.executions r
                                   WHERE r.task_id = e.task_id AND r.scheduled_for = e.scheduled_for
                                     AND r.retry_of = e.id AND r.trigger = 'retry'))
            ON CONFLICT (execution_id, kind) DO NOTHING
            """)
    }

    /// Grants a try at each of up to `limit` messages that are due, the longest due first.
    ///
    /// - Parameters:
    ///   - patience: seconds after which the try counts as never made.
    ///   - busy: whose messages have to wait.
    package func claimDeliveries(
        limit: Int, patience: Int, passingOver busy: [Identifier<User>?] = []
    ) async throws -> [DueDelivery] {
        let (lease, half) = (UUID(), Int32(Self.outputLimit / 2))
        let rows = try await rows(
            """
            WITH due AS (
                SELECT id FROM qkron.deliveries
                WHERE status = 'pending' AND next_try <= statement_timestamp() AND \(Self.isNot(of: busy))
                ORDER BY next_try LIMIT \(limit)
                FOR UPDATE SKIP LOCKED
            ), claimed AS (
                UPDATE qkron.deliveries d
                SET lease = \(lease), next_try = clock_timestamp() + make_interval(secs => \(patience))
                FROM due WHERE d.id = due.id
                RETURNING d.*
            )
            SELECT d.id, d.owner_id, d.url, d.tries, e.task_id, d.execution_id, e.status, e.return_code, e.error,
                   coalesce(octet_length(o.stdout), 0) AS stdout_bytes,
                   CASE WHEN octet_length(o.stdout) > \(Self.outputLimit) THEN left(o.stdout, \(half))
                        ELSE coalesce(o.stdout, '') END AS stdout,
                   CASE WHEN octet_length(o.stdout) > \(Self.outputLimit)
                        THEN right(o.stdout, \(half)) END AS stdout_tail
            FROM claimed d
            JOIN qkron.executions e ON e.id = d.execution_id
            LEFT JOIN qkron.execution_output o ON o.execution_id = e.id
            """)
        return try decode(rows) { try DueDelivery(row: $0, lease: lease, outputLimit: Self.outputLimit) }
    }

    /// Records a try; false if the right to it was lost, or the run deleted.
    package func record(_ outcome: DeliveryOutcome, of delivery: DueDelivery) async throws -> Bool {
        try await change(
            """
            UPDATE qkron.deliveries
            SET status = \(outcome.status.rawValue), tries = \(delivery.tries + 1), error = \(outcome.error),
                lease = NULL,
                sent_at = CASE WHEN \(outcome.status.rawValue) = 'sent' THEN clock_timestamp() END,
                next_try = clock_timestamp() + make_interval(secs => \(outcome.delay))
            WHERE id = \(delivery.id.uuid) AND lease = \(delivery.lease)
            """) > 0
    }

    /// Gives back the rights to tries that were not made to their end: others may make them at once.
    package func letGo(of deliveries: [DueDelivery]) async throws {
        try await change(
            """
            WITH free AS (
                SELECT d.id
                FROM unnest(\(deliveries.map(\.id.uuid)), \(deliveries.map(\.lease))) AS g (id, lease)
                JOIN qkron.deliveries d ON d.id = g.id AND d.lease = g.lease
                -- What somebody else has locked is about to be deleted, with others of these, in another order.
                FOR UPDATE OF d SKIP LOCKED
            )
            UPDATE qkron.deliveries d SET lease = NULL, next_try = clock_timestamp() FROM free WHERE d.id = free.id
            """)
    }

    /// Seconds until the next message is due, by the database's clock; nil if none waits.
    ///
    /// - Parameter busy: whose messages have to wait.
    package func secondsUntilDelivery(passingOver busy: [Identifier<User>?] = []) async throws -> Double? {
        try await one(
            """
            SELECT extract(epoch FROM (SELECT next_try FROM qkron.deliveries
                                       WHERE status = 'pending' AND \(Self.isNot(of: busy))
                                       ORDER BY next_try LIMIT 1)
                                      - clock_timestamp())::float8 AS value
            """)
    }

    private static func isNot(of owners: [Identifier<User>?]) -> SQL {
        "coalesce(owner_id, \(UUID.zero)) <> ALL(\(owners.map { $0?.uuid ?? UUID.zero }))"
    }
}

extension DeliveryOutcome {
    fileprivate var status: Delivery.Status {
        switch self {
        case .sent: .sent
        case .again: .pending
        case .failed: .failed
        }
    }

    fileprivate var error: String? {
        switch self {
        case .sent: nil
        case .again(_, let error), .failed(let error): error
        }
    }

    /// Null where there is no next try.
    fileprivate var delay: Double? {
        if case .again(let seconds, _) = self { seconds } else { nil }
    }
}

extension DueDelivery {
    fileprivate init(row: PostgresRow, lease: UUID, outputLimit: Int) throws(PostgresError) {
        let head: String = try row.decode("stdout")
        let tail: String? = try row.decode("stdout_tail")
        let bytes: Int = try row.decode("stdout_bytes")
        self.init(
            id: Identifier(try row.decode("id")),
            owner: try row.decode("owner_id", as: UUID?.self).map { Identifier($0) },
            url: try row.decode("url"),
            tries: try row.decode("tries"),
            task: Identifier(try row.decode("task_id")),
            execution: Identifier(try row.decode("execution_id")),
            status: try row.named("status"),
            returnCode: try row.decode("return_code"),
            error: try row.decode("error"),
            stdout: tail.map { OutputText.cut(head: head, tail: $0, byteCount: bytes, limit: outputLimit) } ?? head,
            lease: lease)
    }
}
