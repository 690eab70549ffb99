/// Any JSON text as a value (RFC 8259): what requests are read into and answers are written from.
///
/// Whole numbers without fraction or exponent are `integer`, all others `number`, so `5`, `5.0` and `5e0` can be told
/// apart. Strings, keys included, are equal as Swift strings are: by canonical equivalence.
package enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int)
    /// A finite number; one that is not is written as null.
    case number(Double)
    /// A sound JSON number that neither `Int` nor `Double` can hold, as it was written.
    case oversizedNumber(String)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])
}

extension JSONValue {
    /// Whether a string or key anywhere inside holds U+0000, which PostgreSQL cannot store.
    package var containsNUL: Bool {
        switch self {
        case .null, .bool, .integer, .number, .oversizedNumber: false
        case .string(let text): text.utf8.contains(0)
        case .array(let elements): elements.contains(where: \.containsNUL)
        case .object(let members): members.contains { $0.key.utf8.contains(0) || $0.value.containsNUL }
        }
    }
}

extension JSONValue: ExpressibleByNilLiteral {
    package init(nilLiteral: ()) { self = .null }
}

extension JSONValue: ExpressibleByBooleanLiteral {
    package init(booleanLiteral value: Bool) { self = .bool(value) }
}

extension JSONValue: ExpressibleByIntegerLiteral {
    package init(integerLiteral value: Int) { self = .integer(value) }
}

extension JSONValue: ExpressibleByFloatLiteral {
    package init(floatLiteral value: Double) { self = .number(value) }
}

extension JSONValue: ExpressibleByStringLiteral {
    package init(stringLiteral value: String) { self = .string(value) }
}

extension JSONValue: ExpressibleByArrayLiteral {
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
}

extension JSONValue: ExpressibleByDictionaryLiteral {
    /// Of members with the same key the last one wins, as in parsing.
    package init(dictionaryLiteral members: (String, JSONValue)...) {
        self = .object(Dictionary(members) { _, last in last })
    }
}
