/// Any JSON text as a value (RFC 8259): what requests are read into and answers are written from.
///
/// Whole numbers without fraction or exponent are `integer`, all others `number`, so `5`, `5.0` and `5e0` can be told
/// apart. Strings, keys included, are equal by their bytes, numbers by their bits: what was sent another way is another
/// value.
package enum JSONValue: Sendable {
    case null
    case bool(Bool)
    case integer(Int)
    /// A finite number; one that is not is written as null.
    case number(Double)
    /// A sound JSON number that neither `Int` nor `Double` can hold, as it was written.
    case oversizedNumber(String)
    case string(String)
    case array([JSONValue])
    case object([TextKey: JSONValue])
}

extension JSONValue: Equatable {
    package static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.number(let left), .number(let right)): left.bitPattern == right.bitPattern
        case (.oversizedNumber(let left), .oversizedNumber(let right)): left.hasSameBytes(as: right)
        case (.string(let left), .string(let right)): left.hasSameBytes(as: right)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
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
    package init(dictionaryLiteral members: (TextKey, JSONValue)...) {
        self = .object(Dictionary(members) { _, last in last })
    }
}
