import Credentials
import Domain
import Foundation
import Storage

/// What somebody asks a key to be.
package struct NewKey: Sendable {
    package let name: String
    package let scopes: [APIKeyScope]
    /// Nil: never.
    package let expiresAt: Date?

    /// A key that is asked for; types and lengths are checked.
    package init(name: String, scopes: [APIKeyScope], expiresAt: Date?) {
        self.name = name
        self.scopes = scopes
        self.expiresAt = expiresAt
    }
}

/// What may be asked of people's keys for programs, and of the service key.
package struct APIKeyOperations: Sendable {
    private let database: Database
    private let serviceKeyHash: [UInt8]?
    private let remembered: RememberedCallers

    /// Operations on the keys of `database`.
    ///
    /// - Parameters:
    ///   - serviceKeyHash: the SHA-256 of the configured service key; nil where every one is refused.
    ///   - remembered: shared with all operations that change what somebody may do.
    package init(database: Database, serviceKeyHash: [UInt8]?, remembered: RememberedCallers) {
        self.database = database
        self.serviceKeyHash = serviceKeyHash
        self.remembered = remembered
    }

    /// Makes a key of the caller's own.
    ///
    /// - Returns: the key, and its secret, which is kept nowhere.
    /// - Throws: `roleRequired`, `forbidden` for a scope that is not the caller's to give, or the fault of a time that
    ///   is not to come.
    package func create(_ key: NewKey, as caller: Caller) async throws -> (key: APIKey, secret: String) {
        let owner = try caller.accountThatMayChange()
        let secret = KeySecret()
        let made = try await database.transaction { store in
            guard let owner = try await store.keepUser(owner.id) else { throw OperationError.revoked }
            if let expiresAt = key.expiresAt, expiresAt <= (try await store.now()) {
                throw OperationError.invalid([InputFault(["expires_at"], "must lie in the future")])
            }
            if key.scopes.contains(.queue), owner.role != .superuser {
                throw OperationError.refused(.forbidden, "Only superusers may give the scope queue.")
            }
            let made = try await store.insert(
                key: Identifier(), owner: owner.id, name: key.name, prefix: secret.prefix,
                hash: SHA256.digest(of: secret.text), scopes: key.scopes, expiresAt: key.expiresAt)
            try await store.record(.creation(of: made), by: caller)
            return made
        }
        return (made, secret.text)
    }

    /// The keys of `owner`, else the caller's own, newest first; none where they are not the caller's to see.
    ///
    /// - Throws: `roleRequired`.
    package func list(
        ownedBy owner: Identifier<User>?, _ window: Window, as caller: Caller
    ) async throws -> Listing<APIKey> {
        let account = try caller.accountThatMayChange()
        let chosen = owner ?? account.id
        guard chosen == account.id || account.role == .superuser else { return Listing(rows: [], total: 0) }
        return try await database.store.keys(of: chosen, window)
    }

    /// Ends a key from now on; it stays in the list. Repeating is harmless.
    ///
    /// - Throws: `notFound`, `notOwner`, `roleRequired`.
    package func revoke(_ id: Identifier<APIKey>, as caller: Caller) async throws {
        let account = try caller.accountThatMayChange()
        try await database.transaction { store in
            guard let key = try await store.lockKey(id) else {
                throw OperationError.refused(.notFound, "There is no API key of this id.")
            }
            guard key.ownerID == account.id || account.role == .superuser else {
                throw OperationError.refused(.notOwner, "This API key is somebody else's.")
            }
            guard key.revokedAt == nil else { return }
            let revokedAt = try await store.revokeKey(id)
            try await store.record(.revocation(of: id, at: revokedAt), by: caller)
        }
        remembered.forgetAll()
    }

    /// Whom a key speaks for: the service, or a person.
    ///
    /// - Throws: `invalidAPIKey` for any other, whatever is wrong with it.
    package func holder(of secret: String) async throws -> Principal {
        let hash = SHA256.digest(of: secret)
        if let serviceKeyHash, constantTimeEquals(hash, serviceKeyHash) { return .service }
        if let principal = remembered.principal(showing: .key(hash)) { return principal }
        let asked = ContinuousClock.now
        guard let found = try await database.store.validKey(hash: hash), constantTimeEquals(hash, found.secretHash)
        else { throw OperationError.refused(.invalidAPIKey, "The API key is not valid.") }
        if found.isUseStale { try await database.store.noteUse(of: found.key.id) }
        let principal = Principal.key(found.key, owner: found.owner)
        remembered.remember(
            principal, showing: .key(hash), left: found.secondsLeft.map { .seconds($0) }, lookedUpAt: asked)
        return principal
    }
}

extension AuditEntry {
    fileprivate static func creation(of key: APIKey) -> AuditEntry {
        let scopes = key.scopes.map(\.rawValue).sorted().map(JSONValue.string)
        return AuditEntry(
            "api_key.create", "api_key", key.id,
            changes: [:].changes(to: [
                "name": .string(key.name), "scopes": .array(scopes), "expires_at": .moment(key.expiresAt),
            ]))
    }

    fileprivate static func revocation(of key: Identifier<APIKey>, at instant: Date?) -> AuditEntry {
        AuditEntry("api_key.revoke", "api_key", key, changes: [:].changes(to: ["revoked_at": .moment(instant)]))
    }
}
