import Foundation
import Scheduling

extension JSONValue {
    /// An instant in UTC, or null.
    package static func moment(_ date: Date?) -> JSONValue {
        date.map { .string(ISO8601.format($0)) } ?? .null
    }
}
