import Domain
import Storage

/// What may be asked about the servers of the database.
package struct NodeOperations: Sendable {
    private let database: Database
    private let announcer: Announcer

    /// Operations on the servers of `database`.
    package init(database: Database, announcer: Announcer) {
        self.database = database
        self.announcer = announcer
    }

    /// All servers that run an engine, by name; one that is gone is shown for a week.
    ///
    /// - Throws: `roleRequired` for all but superusers.
    package func list(as caller: Caller) async throws -> [NodeReport] {
        try caller.mustBeSuperuser()
        return try await database.store.nodes()
    }

    /// Has a server take up nothing new, across its restarts; what it runs goes on. Repeating is harmless.
    ///
    /// - Throws: `roleRequired`, `notFound`.
    package func drain(_ id: Identifier<Node>, as caller: Caller) async throws {
        try await set(isDraining: true, id, as: caller)
    }

    /// Has a server take up work again. Repeating is harmless.
    ///
    /// - Throws: `roleRequired`, `notFound`.
    package func undrain(_ id: Identifier<Node>, as caller: Caller) async throws {
        try await set(isDraining: false, id, as: caller)
        announcer.announce(.work)
    }

    private func set(isDraining: Bool, _ id: Identifier<Node>, as caller: Caller) async throws {
        try caller.mustBeSuperuser()
        try await database.transaction { store in
            guard let before = try await store.setDraining(isDraining, id) else { throw Self.noNode }
            guard before != isDraining else { return }
            let changes: [TextKey: JSONValue] = [
                "is_draining": AuditEntry.change(from: .bool(before), to: .bool(isDraining))
            ]
            try await store.record(
                AuditEntry(isDraining ? "node.drain" : "node.undrain", "node", id, changes: changes), by: caller)
        }
    }

    private static let noNode = OperationError.refused(.notFound, "There is no server of this id.")
}
