import Domain

/// What the audit log tells of accounts.
extension AuditEntry {
    /// A new account.
    static func creation(of user: User, _ action: String) -> AuditEntry {
        AuditEntry(action, "user", user.id, changes: user.auditFields.mapValues { change(from: .null, to: $0) })
    }

    /// A change of an account; nil where nothing is another.
    static func change(of before: User, to after: User, withPassword: Bool) -> AuditEntry? {
        var changes = before.auditFields.changes(to: after.auditFields)
        if withPassword { changes["password"] = change(from: .masked, to: .masked) }
        return changes.isEmpty ? nil : AuditEntry("user.update", "user", after.id, changes: changes)
    }

    /// The end of an account.
    static func deletion(of user: User) -> AuditEntry {
        AuditEntry("user.delete", "user", user.id, changes: user.auditFields.mapValues { change(from: $0, to: .null) })
    }
}

extension User {
    fileprivate var auditFields: [TextKey: JSONValue] {
        [
            "email": .string(email), "username": .string(username), "role": .string(role.rawValue),
            "is_active": .bool(isActive),
        ]
    }
}
