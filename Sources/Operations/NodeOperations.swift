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
        try caller.mustBeSuperuser()
        guard try await database.store.setDraining(true, id) else { throw Self.noNode }
    }

    /// Has a server take up work again. Repeating is harmless.
    ///
    /// - Throws: `roleRequired`, `notFound`.
    package func undrain(_ id: Identifier<Node>, as caller: Caller) async throws {
        try caller.mustBeSuperuser()
        guard try await database.store.setDraining(false, id) else { throw Self.noNode }
        announcer.announce(.work)
    }

    private static let noNode = OperationError.refused(.notFound, "There is no server of this id.")
}
