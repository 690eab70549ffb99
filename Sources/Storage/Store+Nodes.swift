import Domain
import Foundation
import Postgres

/// A node with running executions, as another server sees it.
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
    /// Keeps a node's epoch and standing as they are until the transaction ends; false if its lease has lapsed, or it
    /// has begun another epoch. So no grant is committed after a later start, or a reaper, has looked.
    func lockLease(of node: Node) async throws -> Bool {
        try await !rows(
            """
            SELECT FROM qkron.nodes
            WHERE id = \(node.id.uuid) AND epoch = \(node.epoch) AND lease_expires_at > clock_timestamp()
            FOR KEY SHARE
            """
        ).isEmpty
    }

    /// Begins the next epoch of a node and grants it its first lease; runs in a transaction of its own. Waits for what
    /// an earlier epoch of the node is still committing.
    package func register(
        _ id: Identifier<Node>, name: String, version: String, capacity: Int, leaseSeconds: Int
    ) async throws -> Node {
        _ = try await rows("SELECT FROM qkron.nodes WHERE id = \(id.uuid) FOR UPDATE")
        let epoch: Int = try await one(
            """
            INSERT INTO qkron.nodes AS n (
                id, name, epoch, version, capacity, lease_seconds, lease_expires_at, started_at, last_seen_at)
            VALUES (\(id.uuid), \(name), 1, \(version), \(capacity), \(leaseSeconds),
                    clock_timestamp() + make_interval(secs => \(leaseSeconds)), clock_timestamp(), clock_timestamp())
            ON CONFLICT (id) DO UPDATE
            SET name = EXCLUDED.name, epoch = n.epoch + 1, version = EXCLUDED.version, capacity = EXCLUDED.capacity,
                running = 0, heartbeat = n.heartbeat + 1, lease_seconds = EXCLUDED.lease_seconds,
                lease_expires_at = EXCLUDED.lease_expires_at, started_at = EXCLUDED.started_at,
                last_seen_at = EXCLUDED.last_seen_at
            RETURNING n.epoch AS value
            """)
        return Node(id: id, epoch: epoch, name: name)
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
            SELECT n.id, n.epoch, n.heartbeat, n.lease_seconds, n.lease_expires_at < clock_timestamp() AS has_lapsed
            FROM qkron.nodes n
            WHERE n.id <> \(own.uuid)
              AND EXISTS (SELECT FROM qkron.executions e WHERE e.status = 'running' AND e.node_id = n.id)
            """)
        return try decode(rows) {
            NodeSighting(
                id: Identifier(try $0.decode("id")), epoch: try $0.decode("epoch"),
                heartbeat: try $0.decode("heartbeat"), leaseSeconds: try $0.decode("lease_seconds"),
                hasLapsed: try $0.decode("has_lapsed"))
        }
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
}
