import Domain
import Foundation
import Scheduling

extension JSONValue {
    /// An instant, in UTC.
    static func time(_ date: Date?) -> JSONValue {
        date.map { .string(ISO8601.format($0)) } ?? .null
    }

    /// A text that may be missing.
    static func orNull(_ text: String?) -> JSONValue {
        text.map(JSONValue.string) ?? .null
    }

    /// An array of strings.
    static func texts(_ texts: [String]) -> JSONValue {
        .array(texts.map(JSONValue.string))
    }

    /// An integer that may be missing.
    static func orNull(_ number: Int?) -> JSONValue {
        number.map(JSONValue.integer) ?? .null
    }
}

extension Listing {
    /// The part of the list that was asked for: an envelope for a page, a bare array for a slice.
    func json(_ window: Window, _ row: (Row) -> JSONValue) -> JSONValue {
        let items = JSONValue.array(rows.map(row))
        switch window {
        case .slice: return items
        case .page(let number, let size):
            return [
                "items": items, "total": .integer(total), "page": .integer(number), "page_size": .integer(size),
            ]
        }
    }
}
