import CLibPQ

/// Why a statement, a transaction or a connection failed.
///
/// Neither its message nor its description holds a parameter's value, a row's content or a password.
package struct PostgresError: Error, Sendable, CustomStringConvertible {
    /// What a caller can do about it.
    package enum Kind: Sendable, Equatable {
        /// No server to talk to: it cannot be reached, went away, starts, stops, or has no connection, disk
        /// or memory left.
        case unavailable
        /// The server takes no writes; a later connection may find the primary.
        case readOnly
        /// The server refused the statement, with this SQLSTATE.
        case statement(sqlState: String)
        /// The statement took longer than it may.
        case timeout
        /// A column does not hold what was asked for.
        case decoding
        /// A parameter or a setting cannot be sent as it is.
        case invalidParameter
        /// The answer to a COMMIT was lost: the transaction either happened as a whole or did not.
        case commitUnknown
    }

    /// What went wrong, as a caller sees it.
    package let kind: Kind
    /// One sentence for a person.
    package let message: String
    /// The server's five characters, when it answered.
    package let sqlState: String?
    /// The name of the constraint that was violated.
    package let constraint: String?
    /// Nothing reached the server, so that the statement may be tried on another connection.
    var wasNotSent = false
    /// The server was silent for longer than it may be.
    var isOverdue = false

    init(_ kind: Kind, _ message: String, sqlState: String? = nil, constraint: String? = nil) {
        self.kind = kind
        self.message = message
        self.sqlState = sqlState
        self.constraint = constraint
    }

    /// The message, and what the server named.
    package var description: String {
        var text = message
        if let sqlState { text += " [\(sqlState)]" }
        if let constraint { text += " (constraint \(constraint))" }
        return text
    }

    /// Whether a unique constraint or index refused a row.
    package var isUniqueViolation: Bool { sqlState == "23505" }
}

extension PostgresError {
    /// The error of a result; without a SQLSTATE the connection was lost.
    init(result: OpaquePointer) {
        func field(_ code: Character) -> String? {
            guard let ascii = code.asciiValue, let text = PQresultErrorField(result, Int32(ascii)) else { return nil }
            return String(cString: text)
        }
        guard let sqlState = field("C") else {
            self.init(.unavailable, "The connection to the database was lost.")
            return
        }
        self.init(
            Kind(sqlState: sqlState),
            Self.withoutValues(field("M") ?? "The database refused the statement.", sqlState: sqlState),
            sqlState: sqlState, constraint: field("n"))
    }

    /// Data exceptions quote the offending value at their end.
    private static func withoutValues(_ message: String, sqlState: String) -> String {
        guard sqlState.hasPrefix("22"), let quote = message.firstIndex(of: "\"") else { return message }
        var message = String(message[..<quote])
        while let last = message.last, last == " " || last == ":" { message.removeLast() }
        return message
    }
}

extension PostgresError.Kind {
    init(sqlState: String) {
        switch sqlState {
        case "25P03", "57P01", "57P02", "57P03", "57P05": self = .unavailable
        case "25006": self = .readOnly
        case "57014": self = .timeout
        // Class 08: the connection itself failed; 53: no disk, memory or place left; 58: the system under it failed.
        case _ where ["08", "53", "58"].contains(sqlState.prefix(2)): self = .unavailable
        default: self = .statement(sqlState: sqlState)
        }
    }
}

extension PostgresError {
    /// A value of a row that is not what its reader expects.
    package static func unreadable(_ message: String) -> PostgresError {
        PostgresError(.decoding, message)
    }
}
