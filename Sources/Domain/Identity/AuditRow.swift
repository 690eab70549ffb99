import Foundation

/// One row of the audit log.
package struct AuditRow: Sendable {
    package let id: Identifier<AuditEntry>
    package let at: Date
    /// `user`, `api_key`, `service`, `system` or `console`.
    package let actorType: String
    /// The account or the key; it may be gone by now.
    package let actorID: Identifier<Principal>?
    package let actorName: String?
    package let entry: AuditEntry
    /// The address that the request came from.
    package let address: String?
    package let requestID: String?

    /// A row of these parts.
    package init(
        id: Identifier<AuditEntry>, at: Date, actorType: String, actorID: Identifier<Principal>?, actorName: String?,
        entry: AuditEntry, address: String?, requestID: String?
    ) {
        self.id = id
        self.at = at
        self.actorType = actorType
        self.actorID = actorID
        self.actorName = actorName
        self.entry = entry
        self.address = address
        self.requestID = requestID
    }
}

/// Which rows of the audit log a list shows.
package struct AuditFilter: Sendable {
    /// The account or the key that made the change.
    package var actor: Identifier<Principal>?
    package var action: String?
    package var resourceType: String?
    package var resourceID: String?
    /// At or after this instant.
    package var since: Date?
    /// Before this instant.
    package var until: Date?

    /// A filter that lets everything through.
    package init() {}
}
