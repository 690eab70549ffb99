/// The prepared statements of one connection; the one unused for longest makes room for a new one.
struct PreparedStatements {
    /// The same text with other types is another statement.
    struct Key: Hashable {
        let text: String
        let types: [UInt32]
    }

    final class Statement {
        let name: String
        var columns: PostgresColumns?
        fileprivate var lastUse = 0

        init(name: String) {
            self.name = name
        }
    }

    private let capacity: Int
    private var statements: [Key: Statement] = [:]
    private var uses = 0
    private var made = 0

    init(capacity: Int) {
        self.capacity = capacity
    }

    mutating func find(_ key: Key) -> Statement? {
        guard let statement = statements[key] else { return nil }
        uses += 1
        statement.lastUse = uses
        return statement
    }

    /// A name for a statement about to be prepared, never used before on this connection.
    mutating func nextName() -> String {
        made += 1
        return "q\(made)"
    }

    mutating func insert(_ statement: Statement, for key: Key) {
        uses += 1
        statement.lastUse = uses
        statements[key] = statement
    }

    mutating func remove(_ key: Key) {
        statements[key] = nil
    }

    /// Takes out the statement to be deallocated before another one is prepared, when there is no room.
    mutating func evict() -> Statement? {
        guard statements.count >= capacity, let oldest = statements.min(by: { $0.value.lastUse < $1.value.lastUse })
        else { return nil }
        statements[oldest.key] = nil
        return oldest.value
    }
}

extension SQL {
    /// By what the statement is known when it is prepared.
    var key: PreparedStatements.Key {
        PreparedStatements.Key(text: text, types: parameters.map(\.type.oid))
    }

    /// Throws `.invalidParameter` where a parameter has no binary form.
    func check() throws(PostgresError) {
        for parameter in parameters {
            guard case .invalid(let reason) = parameter.content else { continue }
            throw PostgresError(.invalidParameter, "A parameter cannot be sent: \(reason).")
        }
    }
}
