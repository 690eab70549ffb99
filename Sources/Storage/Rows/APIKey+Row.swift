import Domain
import Postgres

extension APIKey {
    /// The columns that `init(row:)` reads, of the table under the name `k`; named apart from those of `User`.
    static let columns: SQL = """
        k.id AS key_id, k.owner_id, k.name, k.prefix, k.scopes, k.expires_at, k.last_used_at,
        k.created_at AS key_created_at, k.revoked_at
        """

    /// The key of a row. A scope that a newer server gave, and this one does not know, opens nothing here.
    init(row: PostgresRow) throws(PostgresError) {
        let scopes: [String] = try row.decode("scopes")
        self.init(
            id: Identifier(try row.decode("key_id")),
            ownerID: Identifier(try row.decode("owner_id")),
            name: try row.decode("name"),
            prefix: try row.decode("prefix"),
            scopes: Set(scopes.compactMap(APIKeyScope.init(rawValue:))),
            expiresAt: try row.decode("expires_at"),
            lastUsedAt: try row.decode("last_used_at"),
            createdAt: try row.decode("key_created_at"),
            revokedAt: try row.decode("revoked_at"))
    }
}
