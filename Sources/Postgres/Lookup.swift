import Foundation

/// A statement that finds rows by a key of theirs. Lookups that wait together become one statement, asked for all their
/// keys at once.
package final class Lookup: Sendable {
    /// The column of the answer that holds the key.
    private let column: String
    private let statement: @Sendable (_ keys: [UUID]) -> SQL
    /// How the statement is known when it is prepared; it is the same for all keys.
    let key: PreparedStatements.Key

    /// A lookup by the column of this name.
    ///
    /// - Parameter statement: the statement for some keys, an array bound as one parameter; at most one row has each.
    package init(by column: StaticString, _ statement: @escaping @Sendable (_ keys: [UUID]) -> SQL) {
        self.column = column.description
        self.statement = statement
        key = statement([]).key
    }

    func sql(for keys: [UUID]) -> SQL {
        statement(keys)
    }

    /// The rows by their keys.
    func rows(_ rows: [PostgresRow]) throws(PostgresError) -> [UUID: PostgresRow] {
        var found: [UUID: PostgresRow] = [:]
        for row in rows { found[try row.decode(column)] = row }
        return found
    }
}
