import Domain
import Foundation
import Scheduling

extension JSONValue {
    /// What stands in the audit log for a secret.
    static let masked = JSONValue.string("***")

    /// An instant, or null.
    static func moment(_ date: Date?) -> JSONValue {
        date.map { .string(ISO8601.format($0)) } ?? .null
    }
}

extension [TextKey: JSONValue] {
    /// Field by field, what is another in `after`.
    func changes(to after: Self) -> Self {
        var changes: Self = [:]
        for key in Set(keys).union(after.keys) {
            let (from, to) = (self[key, default: .null], after[key, default: .null])
            if from != to { changes[key] = AuditEntry.change(from: from, to: to) }
        }
        return changes
    }
}
