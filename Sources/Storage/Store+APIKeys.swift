import Domain
import Foundation
import Postgres

/// A key that opens something now.
package struct ValidKey: Sendable {
    package let key: APIKey
    /// Active.
    package let owner: User
    /// The SHA-256 of its secret.
    package let secretHash: [UInt8]
    /// Until it expires; nil: never.
    package let secondsLeft: Double?
    /// Whether its last use was noted more than a minute ago.
    package let isUseStale: Bool
}

extension Store {
    /// Adds a key, made now.
    ///
    /// - Parameter hash: the SHA-256 of its secret.
    package func insert(
        key id: Identifier<APIKey>, owner: Identifier<User>, name: String, prefix: String, hash: [UInt8],
        scopes: [APIKeyScope], expiresAt: Date?
    ) async throws -> APIKey {
        let rows = try await rows(
            """
            INSERT INTO qkron.api_keys AS k (id, owner_id, name, prefix, secret_hash, scopes, expires_at)
            VALUES (\(id.uuid), \(owner.uuid), \(name), \(prefix), \(hash), \(scopes.map(\.rawValue)), \(expiresAt))
            RETURNING \(APIKey.columns)
            """)
        return try only(try decode(rows, APIKey.init(row:)))
    }

    /// The keys of an owner, revoked ones among them, newest first.
    package func keys(of owner: Identifier<User>, _ window: Window) async throws -> Listing<APIKey> {
        let total: Int = try await one(
            """
            SELECT count(*) AS value
            FROM (SELECT FROM qkron.api_keys WHERE owner_id = \(owner.uuid) LIMIT \(Window.reach)) AS reachable
            """)
        let rows = try await rows(
            """
            SELECT \(APIKey.columns)
            FROM qkron.api_keys k
            WHERE k.owner_id = \(owner.uuid)
            ORDER BY k.created_at DESC, k.id DESC
            OFFSET \(window.offset) LIMIT \(window.limit)
            """)
        return Listing(rows: try decode(rows, APIKey.init(row:)), total: total)
    }

    /// The key of this id, locked against every other change.
    package func lockKey(_ id: Identifier<APIKey>) async throws -> APIKey? {
        let rows = try await rows(
            "SELECT \(APIKey.columns) FROM qkron.api_keys k WHERE k.id = \(id.uuid) FOR NO KEY UPDATE")
        return try decode(rows, APIKey.init(row:)).first
    }

    /// Ends a key from now on.
    ///
    /// - Returns: since when it is over; nil if there is none of this id.
    @discardableResult
    package func revokeKey(_ id: Identifier<APIKey>) async throws -> Date? {
        let rows = try await rows(
            """
            UPDATE qkron.api_keys SET revoked_at = coalesce(revoked_at, clock_timestamp()) WHERE id = \(id.uuid)
            RETURNING revoked_at
            """)
        let instants: [Date] = try decode(rows) { try $0.decode("revoked_at") }
        return instants.first
    }

    /// The key whose secret has this SHA-256, if it is neither revoked nor expired and its owner is active.
    package func validKey(hash: [UInt8]) async throws -> ValidKey? {
        let rows = try await read(
            """
            SELECT \(APIKey.columns), \(User.columns), k.secret_hash,
                   extract(epoch FROM k.expires_at - clock_timestamp())::float8 AS seconds_left,
                   coalesce(k.last_used_at < clock_timestamp() - interval '1 minute', true) AS is_use_stale
            FROM qkron.api_keys k JOIN qkron.users u ON u.id = k.owner_id
            WHERE k.secret_hash = \(hash) AND k.revoked_at IS NULL AND u.is_active
              AND coalesce(k.expires_at > clock_timestamp(), true)
            """)
        return try decode(rows) {
            ValidKey(
                key: try APIKey(row: $0), owner: try User(row: $0), secretHash: try $0.decode("secret_hash"),
                secondsLeft: try $0.decode("seconds_left"), isUseStale: try $0.decode("is_use_stale"))
        }.first
    }

    /// Notes that a key is used, once a minute at most.
    package func noteUse(of id: Identifier<APIKey>) async throws {
        try await change(
            """
            UPDATE qkron.api_keys SET last_used_at = clock_timestamp()
            WHERE id = \(id.uuid) AND coalesce(last_used_at < clock_timestamp() - interval '1 minute', true)
            """)
    }
}
