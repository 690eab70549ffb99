/// A statement whose interpolated values are bound as parameters, never spliced into its text.
///
/// Only literals of the source become text, so no run-time string can. `\(value)` binds; `\(other)` takes
/// in another statement and renumbers its parameters. A value that cannot be bound (a text with NUL) is reported when
/// the statement is run.
package struct SQL: ExpressibleByStringInterpolation, Sendable {
    /// The literal text around the parameters: always one more than there are parameters.
    private var segments: [String]
    /// The values bound to `$1`, `$2`, …, in order.
    package private(set) var parameters: [PostgresValue]

    /// The text sent to the server, with `$n` for each parameter.
    package var text: String {
        var text = segments[0]
        for (index, segment) in segments.dropFirst().enumerated() {
            text += "$\(index + 1)"
            text += segment
        }
        return text
    }

    /// A statement without parameters.
    package init(stringLiteral value: StaticString) {
        self.init(trusted: value.description)
    }

    /// A statement with what was bound in it.
    package init(stringInterpolation: StringInterpolation) {
        self = stringInterpolation.sql
    }

    /// Text made by this room itself, such as quoted identifiers.
    init(trusted text: String) {
        segments = [text]
        parameters = []
    }

    /// The parts one after another with the separator between them; empty when there are none.
    package static func joined(_ parts: [SQL], separator: StaticString) -> SQL {
        var whole = SQL(trusted: "")
        for (index, part) in parts.enumerated() {
            if index > 0 { whole.append(text: separator.description) }
            whole.append(part)
        }
        return whole
    }

    private mutating func append(text: String) {
        segments[segments.count - 1] += text
    }

    private mutating func append(_ value: PostgresValue) {
        parameters.append(value)
        segments.append("")
    }

    private mutating func append(_ other: SQL) {
        append(text: other.segments[0])
        segments.append(contentsOf: other.segments.dropFirst())
        parameters.append(contentsOf: other.parameters)
    }

    /// Gathers the literal text and the parameters.
    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var sql = SQL(trusted: "")

        /// Nothing yet.
        package init(literalCapacity: Int, interpolationCount: Int) {}

        /// Takes in text of the source.
        package mutating func appendLiteral(_ literal: StaticString) {
            sql.append(text: literal.description)
        }

        /// Binds the value as the next parameter.
        package mutating func appendInterpolation(_ value: some PostgresEncodable) {
            sql.append(value.postgresValue)
        }

        /// Binds the value, or NULL of its type. (Of its own, so that the compiler sees optionals are meant.)
        package mutating func appendInterpolation<Value: PostgresEncodable>(_ value: Value?) {
            sql.append(value.postgresValue)
        }

        /// Takes in another statement with its parameters.
        package mutating func appendInterpolation(_ fragment: SQL) {
            sql.append(fragment)
        }
    }
}

/// The name as a quoted SQL identifier.
func quoted(identifier: String) -> String {
    "\"" + identifier.replacing("\"", with: "\"\"") + "\""
}
