import Domain
import Foundation
import Postgres

extension AuditRow {
    /// The columns that `init(row:)` reads, of the table under the name `a`.
    static let columns: SQL = """
        a.id, a.at, a.actor_type, a.actor_id, a.actor_name, a.api_key_id, a.api_key_name, a.action, a.resource_type,
        a.resource_id, a.ip, a.request_id, a.changes
        """

    /// The row of the log that a row holds.
    init(row: PostgresRow) throws(PostgresError) {
        guard case .object(let changes) = try row.json("changes") else {
            throw row.unreadable("changes", "is no JSON object")
        }
        self.init(
            id: Identifier(try row.decode("id")),
            at: try row.decode("at"),
            actorType: try row.decode("actor_type"),
            actorID: try row.decode("actor_id", as: UUID?.self).map(Identifier.init),
            actorName: try row.decode("actor_name"),
            key: try AuditRow.key(row),
            entry: AuditEntry(
                try row.decode("action"), try row.decode("resource_type"), id: try row.decode("resource_id"),
                changes: changes),
            address: try row.decode("ip"),
            requestID: try row.decode("request_id"))
    }

    private static func key(_ row: PostgresRow) throws(PostgresError) -> Key? {
        guard let id = try row.decode("api_key_id", as: UUID?.self) else { return nil }
        return Key(id: Identifier(id), name: try row.decode("api_key_name"))
    }
}
