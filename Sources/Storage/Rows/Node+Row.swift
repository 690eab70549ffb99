import Domain
import Postgres

extension NodeSighting {
    /// The columns that `init(row:)` reads, of the table under the name `n`.
    static let columns: SQL = """
        n.id, n.epoch, n.heartbeat, n.lease_seconds, n.lease_expires_at < clock_timestamp() AS has_lapsed
        """

    /// The sighting of a row.
    init(row: PostgresRow) throws(PostgresError) {
        self.init(
            id: Identifier(try row.decode("id")),
            epoch: try row.decode("epoch"),
            heartbeat: try row.decode("heartbeat"),
            leaseSeconds: try row.decode("lease_seconds"),
            hasLapsed: try row.decode("has_lapsed"))
    }
}

extension NodeReport {
    /// The report of a row.
    init(row: PostgresRow) throws(PostgresError) {
        self.init(
            id: Identifier(try row.decode("id")),
            name: try row.decode("name"),
            version: try row.decode("version"),
            labels: try row.decode("labels"),
            status: try row.named("status"),
            running: try row.decode("running"),
            capacity: try row.decode("capacity"),
            startedAt: try row.decode("started_at"),
            lastSeenAt: try row.decode("last_seen_at"))
    }
}
