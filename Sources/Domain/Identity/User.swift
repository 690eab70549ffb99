import Foundation

/// An account, without its password.
package struct User: Sendable, Equatable {
    package let id: Identifier<User>
    package let email: String
    package let username: String
    package let role: Role
    package let isActive: Bool
    package let createdAt: Date
    package let updatedAt: Date
    package let lastLoginAt: Date?

    /// An account of these parts.
    package init(
        id: Identifier<User>, email: String, username: String, role: Role, isActive: Bool, createdAt: Date,
        updatedAt: Date, lastLoginAt: Date?
    ) {
        self.id = id
        self.email = email
        self.username = username
        self.role = role
        self.isActive = isActive
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.lastLoginAt = lastLoginAt
    }
}
