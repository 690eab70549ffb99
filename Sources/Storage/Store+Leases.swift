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

extension Store {
    /// The attempts among `held`, by fencing token, that must end, each with why: somebody wishes it, the lease is
    /// gone, or the task is.
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
            SELECT \(Lease.columns)
            FROM qkron.executions e JOIN qkron.tasks t ON t.id = e.task_id
            WHERE e.status = 'running' AND e.node_id = \(node.uuid)
              AND e.node_epoch BETWEEN \(epochs.lowerBound) AND \(epochs.upperBound)
            ORDER BY e.id
            """)
        return try decode(rows, Lease.init(row:))
    }

    /// Takes over what earlier epochs of the node are running, of these attempts: same execution, attempt and fencing
    /// token. Runs in the transaction that began the epoch.
    ///
    /// - Returns: the attempts that are the node's now; the others were recorded, given away or deleted meanwhile.
    package func takeOver(_ attempts: [AttemptID], for node: Node) async throws -> Set<AttemptID> {
        guard !attempts.isEmpty else { return [] }
        // As whoever changes several executions does: two that lock these in different orders would stop each other.
        _ = try await rows(
            """
            SELECT FROM qkron.tasks
            WHERE id IN (SELECT task_id FROM qkron.executions WHERE id = ANY(\(attempts.map(\.execution.uuid))))
            ORDER BY id
            FOR NO KEY UPDATE
            """)
        let rows = try await rows(
            """
            UPDATE qkron.executions e SET node_epoch = \(node.epoch)
            FROM unnest(\(attempts.map(\.execution.uuid)), \(attempts.map(\.fencingToken))) AS a (id, token)
            WHERE e.id = a.id AND e.fencing_token = a.token AND (e.status = 'running') IS TRUE
              AND e.node_id = \(node.id.uuid) AND e.node_epoch < \(node.epoch)
            RETURNING e.id, e.fencing_token
            """)
        return Set(
            try decode(rows) {
                AttemptID(execution: Identifier(try $0.decode("id")), fencingToken: try $0.decode("fencing_token"))
            })
    }
}
