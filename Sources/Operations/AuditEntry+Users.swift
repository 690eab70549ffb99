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

    /// A password that was refused, whether or not an account has the name; the name itself is not kept, since people
    /// type passwords into the wrong field.
    static func loginFailure(of user: Identifier<User>?) -> AuditEntry {
        AuditEntry("auth.login_failed", "user", id: user?.description)
    }

    /// The end of an account and of all its tasks, so many.
    static func deletion(of user: User, tasks: Int) -> AuditEntry {
        var changes = user.auditFields.mapValues { change(from: $0, to: .null) }
        changes["tasks"] = change(from: .integer(tasks), to: 0)
        return AuditEntry("user.delete", "user", user.id, changes: changes)
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
