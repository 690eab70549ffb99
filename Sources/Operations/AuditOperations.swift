import Domain
import Storage

/// What may be asked of the audit log.
package struct AuditOperations: Sendable {
    private let database: Database

    /// Operations on the audit log of `database`.
    package init(database: Database) {
        self.database = database
    }

    /// The rows that the filter lets through, newest first.
    ///
    /// - Throws: `roleRequired` for all but superusers.
    package func list(
        _ filter: AuditFilter, _ window: Window, as caller: Caller
    ) async throws -> Listing<AuditRow> {
        try caller.mustBeSuperuser()
        return try await database.store.audit(filter, window)
    }
}
