import Domain
import Foundation
import Scheduling

extension JSONValue {
    /// An instant, in UTC.
    static func time(_ date: Date?) -> JSONValue {
        date.map { .string(ISO8601.format($0)) } ?? .null
    }

    /// An array of strings.
    static func texts(_ texts: [String]) -> JSONValue {
        .array(texts.map(JSONValue.string))
    }
}
