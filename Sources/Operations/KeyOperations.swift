import Domain
import Storage

/// What may be asked of the keys that servers share, at the console.
package struct KeyOperations: Sendable {
    private let database: Database

    /// Operations on the keys of `database`.
    package init(database: Database) { self.database = database }

    /// Has the database forget a key that is lost, so that the next server may bring another.
    ///
    /// - Returns: how many tasks keep secrets that are lost with it.
    /// - Throws: `KeyRefusal`
    package func forget(_ key: SharedKey, as caller: Caller) async throws -> Int {
        try await database.transaction { store in
            guard try await store.forgetFingerprint(of: key) else {
                let servers = try await store.livingServers()
                throw servers.isEmpty ? KeyRefusal.unknown(key) : .inUse(by: servers)
            }
            let told: [TextKey: JSONValue] = [TextKey(key.rawValue): AuditEntry.change(from: .masked, to: .null)]
            try await store.record(AuditEntry("secrets.forget", "secrets", id: nil, changes: told), by: caller)
            return key == .encryption ? try await store.tasksWithSecrets() : 0
        }
    }
}

/// Why a key is not forgotten.
package enum KeyRefusal: Error, Equatable, CustomStringConvertible {
    /// The database knows none.
    case unknown(SharedKey)
    /// Servers of these names live.
    case inUse(by: [String])

    /// One sentence for a person.
    package var description: String {
        switch self {
        case .unknown(let key): "The database knows no \(key.rawValue): the next server may bring any."
        case .inUse(let servers):
            "Stop every server of this database first: \(servers.joined(separator: ", ")). One that was killed is "
                + "thought to live until its lease has lapsed (LEASE_SECONDS)."
        }
    }
}
