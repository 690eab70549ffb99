import Domain
import Postgres

extension PostgresRow {
    /// A text column that names a case.
    func named<Case: RawRepresentable<String>>(_ column: String) throws(PostgresError) -> Case {
        let text: String = try decode(column)
        guard let value = Case(rawValue: text) else { throw unreadable(column, "names nothing known: \(text)") }
        return value
    }

    /// A text column that names a case, or is null.
    func namedIfPresent<Case: RawRepresentable<String>>(_ column: String) throws(PostgresError) -> Case? {
        guard let text: String = try decode(column, as: String?.self) else { return nil }
        guard let value = Case(rawValue: text) else { throw unreadable(column, "names nothing known: \(text)") }
        return value
    }

    /// A JSON column.
    func json(_ column: String) throws(PostgresError) -> JSONValue {
        try value(of: try decode(column, as: JSONText.self), column)
    }

    /// A JSON column that may be null.
    func jsonIfPresent(_ column: String) throws(PostgresError) -> JSONValue? {
        guard let text = try decode(column, as: JSONText?.self) else { return nil }
        return try value(of: text, column)
    }

    private func value(of json: JSONText, _ column: String) throws(PostgresError) -> JSONValue {
        do {
            // What a body may hold is stored within further levels.
            return try JSONValue.parse(json.text.utf8, maximumDepth: 512)
        } catch {
            throw unreadable(column, error.description)
        }
    }

    /// The error of a column that holds what it never should.
    func unreadable(_ column: String, _ why: String) -> PostgresError {
        .unreadable("column \(column) \(why)")
    }
}

extension JSONText {
    init(_ value: JSONValue) {
        self.init(value.serialized())
    }
}
