import Postgres

/// Why a statement about qkron's tables gave no answer.
package enum StorageError: Error, Sendable, CustomStringConvertible {
    /// The database cannot be reached, or takes no writes.
    case unavailable(String)
    /// A row like it exists already, by the constraint of this name.
    case duplicate(constraint: String)
    /// Anything else: our fault.
    case surprise(String)

    package var description: String {
        switch self {
        case .unavailable(let why): "the database is unavailable: \(why)"
        case .duplicate(let constraint): "a row like it exists (\(constraint))"
        case .surprise(let what): what
        }
    }

    init(_ error: PostgresError) {
        switch error.kind {
        case .unavailable, .readOnly, .commitUnknown, .timeout: self = .unavailable(error.description)
        case .statement where error.isUniqueViolation: self = .duplicate(constraint: error.constraint ?? "")
        case .statement, .decoding, .invalidParameter: self = .surprise(error.description)
        }
    }
}
