import Foundation

/// A person's key for programs, without its secret.
package struct APIKey: Sendable, Equatable {
    /// How many characters its name has.
    package static let nameLength = 1...255
    /// So many scopes may be asked for, known or not.
    package static let mostScopes = 50

    package let id: Identifier<APIKey>
    package let ownerID: Identifier<User>
    package let name: String
    /// The first characters of the secret, by which its owner knows it.
    package let prefix: String
    package let scopes: Set<APIKeyScope>
    /// Nil: never.
    package let expiresAt: Date?
    /// Within a minute.
    package let lastUsedAt: Date?
    package let createdAt: Date
    package let revokedAt: Date?

    /// A key of these parts.
    package init(
        id: Identifier<APIKey>, ownerID: Identifier<User>, name: String, prefix: String, scopes: Set<APIKeyScope>,
        expiresAt: Date?, lastUsedAt: Date?, createdAt: Date, revokedAt: Date?
    ) {
        self.id = id
        self.ownerID = ownerID
        self.name = name
        self.prefix = prefix
        self.scopes = scopes
        self.expiresAt = expiresAt
        self.lastUsedAt = lastUsedAt
        self.createdAt = createdAt
        self.revokedAt = revokedAt
    }
}
