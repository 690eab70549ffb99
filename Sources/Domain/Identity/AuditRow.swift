import Foundation

/// One row of the audit log.
package struct AuditRow: Sendable {
    /// The key by which an account made a change; it may be gone by now.
    package struct Key: Sendable, Equatable {
        package let id: Identifier<APIKey>
        package let name: String

        /// The key of this id and name.
        package init(id: Identifier<APIKey>, name: String) {
            self.id = id
            self.name = name
        }
    }

    package let id: Identifier<AuditEntry>
    package let at: Date
    /// `user`, `api_key`, `service`, `system` or `console`.
    package let actorType: String
    /// The account, which may be gone by now; in rows of earlier versions its key, where it used one.
    package let actorID: Identifier<Principal>?
    package let actorName: String?
    /// Nil where no key was used, and in rows of earlier versions.
    package let key: Key?
    package let entry: AuditEntry
    /// The address that the request came from.
    package let address: String?
    package let requestID: String?

    /// A row of these parts.
    package init(
        id: Identifier<AuditEntry>, at: Date, actorType: String, actorID: Identifier<Principal>?, actorName: String?,
        key: Key?, entry: AuditEntry, address: String?, requestID: String?
    ) {
        self.id = id
        self.at = at
        self.actorType = actorType
        self.actorID = actorID
        self.actorName = actorName
        self.key = key
        self.entry = entry
        self.address = address
        self.requestID = requestID
    }
}

/// Which rows of the audit log a list shows.
package struct AuditFilter: Sendable {
    /// The account that made the change, be it by a key.
    package var actor: Identifier<Principal>?
    package var key: Identifier<APIKey>?
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
