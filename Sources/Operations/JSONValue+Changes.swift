import Domain

extension JSONValue {
    /// What stands in the audit log for a secret.
    static let masked = JSONValue.string("***")
}

extension [TextKey: JSONValue] {
    /// Field by field, what is another in `after`.
    ///
    /// - Parameter told: how a value of a field is written down; it is compared before.
    func changes(to after: Self, told: (TextKey, JSONValue) -> JSONValue = { $1 }) -> Self {
        var changes: Self = [:]
        for key in Set(keys).union(after.keys) {
            let (from, to) = (self[key, default: .null], after[key, default: .null])
            if from != to { changes[key] = AuditEntry.change(from: told(key, from), to: told(key, to)) }
        }
        return changes
    }
}
