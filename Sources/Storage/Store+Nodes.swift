import Domain
import Foundation
import Postgres

/// A node as another server sees it.
package struct NodeSighting: Sendable, Equatable, Identifiable {
    package let id: Identifier<Node>
    package let epoch: Int
    /// Moves with every renewal.
    package let heartbeat: Int
    /// How long the node's lease lasts after a renewal, seconds.
    package let leaseSeconds: Int
    /// Whether the lease has ended by the database's clock.
    package let hasLapsed: Bool
}

extension Store {
    /// Keeps a node's epoch and standing as they are until the transaction ends; false if its lease has lapsed, it is
    /// draining, or it has begun another epoch. So no grant is committed after a later start, a reaper, or whoever
    /// drains it, has looked.
    func lockRightToClaim(of node: Node) async throws -> Bool {
        try await !rows("\(Self.rightToClaim(of: node)) FOR KEY SHARE").isEmpty
    }

    /// The node's row, if it has the right to claim.
    static func rightToClaim(of node: Node) -> SQL {
        """
        SELECT FROM qkron.nodes
        WHERE id = \(node.id.uuid) AND epoch = \(node.epoch) AND lease_expires_at > clock_timestamp()
          AND NOT is_draining
        """
    }

    /// Begins the next epoch of a node and grants it its first lease; to be called in a transaction. Waits for what
    /// an earlier epoch of the node is still committing. A node that is drained stays so.
    ///
    /// - Returns: the node in its new epoch, and whether it is draining.
    package func register(
        _ id: Identifier<Node>, name: String, version: String, labels: [String], capacity: Int, leaseSeconds: Int
    ) async throws -> (node: Node, isDraining: Bool) {
        _ = try await rows("SELECT FROM qkron.nodes WHERE id = \(id.uuid) FOR UPDATE")
        // From the sequence, so that a node that was forgotten does not begin an epoch that it had before.
        let rows = try await rows(
            """
            INSERT INTO qkron.nodes AS n (
                id, name, epoch, version, labels, capacity, lease_seconds, lease_expires_at, started_at, last_seen_at)
            VALUES (\(id.uuid), \(name), nextval('qkron.fencing_tokens'), \(version), \(labels), \(capacity),
                    \(leaseSeconds), clock_timestamp() + make_interval(secs => \(leaseSeconds)), clock_timestamp(),
                    clock_timestamp())
            ON CONFLICT (id) DO UPDATE
            SET name = EXCLUDED.name, epoch = greatest(n.epoch + 1, EXCLUDED.epoch), version = EXCLUDED.version,
                labels = EXCLUDED.labels, capacity = EXCLUDED.capacity, running = 0,
                heartbeat = n.heartbeat + 1, lease_seconds = EXCLUDED.lease_seconds,
                lease_expires_at = EXCLUDED.lease_expires_at, started_at = EXCLUDED.started_at,
                last_seen_at = EXCLUDED.last_seen_at
            RETURNING n.epoch, n.is_draining
            """)
        return try only(
            try decode(rows) { row in
                let node = Node(id: id, epoch: try row.decode("epoch"), name: name, labels: labels)
                return (node: node, isDraining: try row.decode("is_draining"))
            })
    }

    /// Renews a node's lease; false if the node has begun another epoch since, so that this one has no rights any more.
    package func renewLease(of node: Node, running: Int) async throws -> Bool {
        try await change(
            """
            UPDATE qkron.nodes
            SET lease_expires_at = clock_timestamp() + make_interval(secs => lease_seconds), heartbeat = heartbeat + 1,
                running = \(running), last_seen_at = clock_timestamp()
            WHERE id = \(node.id.uuid) AND epoch = \(node.epoch)
            """) > 0
    }

    /// Ends a node's lease with its life, so that nobody waits for it.
    package func release(_ node: Node) async throws {
        try await change(
            """
            UPDATE qkron.nodes
            SET lease_expires_at = clock_timestamp(), heartbeat = heartbeat + 1, running = 0,
                last_seen_at = clock_timestamp()
            WHERE id = \(node.id.uuid) AND epoch = \(node.epoch)
            """)
    }

    /// The nodes, other than `own`, that have running executions.
    package func busyNodes(except own: Identifier<Node>) async throws -> [NodeSighting] {
        let rows = try await rows(
            """
            SELECT \(NodeSighting.columns)
            FROM qkron.nodes n
            WHERE n.id <> \(own.uuid)
              AND EXISTS (SELECT FROM qkron.executions e WHERE e.status = 'running' AND e.node_id = n.id)
            """)
        return try decode(rows, NodeSighting.init(row:))
    }

    /// Locks a node that is still as it was seen and whose lease has lapsed; false if it has moved since.
    package func lockLapsed(_ node: NodeSighting) async throws -> Bool {
        try await !rows(
            """
            SELECT FROM qkron.nodes
            WHERE id = \(node.id.uuid) AND epoch = \(node.epoch) AND heartbeat = \(node.heartbeat)
              AND lease_expires_at < clock_timestamp()
            FOR UPDATE SKIP LOCKED
            """
        ).isEmpty
    }

    /// All nodes, by name.
    package func nodes() async throws -> [NodeReport] {
        let rows = try await rows(
            """
            SELECT n.id, n.name, n.version, n.labels, n.capacity, n.started_at, n.last_seen_at,
                   CASE WHEN n.lease_expires_at <= clock_timestamp() THEN 'gone'
                        WHEN n.is_draining THEN 'draining'
                        ELSE 'active' END AS status,
                   -- Counted, for what the node told with its last renewal is seconds old.
                   (SELECT count(*) FROM qkron.executions e
                    WHERE e.status = 'running' AND e.node_id = n.id) AS running
            FROM qkron.nodes n
            ORDER BY n.name, n.id
            """)
        return try decode(rows, NodeReport.init(row:))
    }

    /// Sets whether a node takes up anything new. Waits for what is being granted to it, so that nothing is once this
    /// is committed.
    ///
    /// - Returns: whether it was draining before; nil if there is none of this id.
    package func setDraining(_ isDraining: Bool, _ id: Identifier<Node>) async throws -> Bool? {
        let rows = try await rows(
            """
            WITH locked AS (SELECT id, is_draining FROM qkron.nodes WHERE id = \(id.uuid) FOR UPDATE)
            UPDATE qkron.nodes n SET is_draining = \(isDraining) FROM locked WHERE n.id = locked.id
            RETURNING locked.is_draining AS before
            """)
        return try decode(rows) { try $0.decode("before", as: Bool.self) }.first
    }

    /// The nodes, other than `own`, that have been gone for so long that they may be forgotten.
    package func longGoneNodes(except own: Identifier<Node>) async throws -> [NodeSighting] {
        let rows = try await rows(
            """
            SELECT \(NodeSighting.columns)
            FROM qkron.nodes n
            WHERE n.id <> \(own.uuid) AND \(Self.isLongGone)
            """)
        return try decode(rows, NodeSighting.init(row:))
    }

    /// Forgets those of the nodes that have not stirred since they were seen, and are still gone for so long.
    ///
    /// - Returns: the names of the nodes that were forgotten.
    package func forget(_ nodes: [NodeSighting]) async throws -> [String] {
        guard !nodes.isEmpty else { return [] }
        let rows = try await rows(
            """
            DELETE FROM qkron.nodes n
            USING unnest(\(nodes.map(\.id.uuid)), \(nodes.map(\.epoch)), \(nodes.map(\.heartbeat)))
                  AS s (id, epoch, heartbeat)
            WHERE n.id = s.id AND n.epoch = s.epoch AND n.heartbeat = s.heartbeat AND \(Self.isLongGone)
            RETURNING n.name
            """)
        return try decode(rows) { try $0.decode("name") }
    }

    /// Whether the lease of the node `n` lapsed more than 7 days ago, and nothing is recorded as running under it.
    private static let isLongGone: SQL = """
        n.lease_expires_at < clock_timestamp() - interval '7 days'
        AND NOT EXISTS (SELECT FROM qkron.executions e WHERE e.status = 'running' AND e.node_id = n.id)
        """
}
