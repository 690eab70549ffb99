import Postgres

/// Why a statement about qkron's tables gave no answer.
package enum StorageError: Error, Sendable, CustomStringConvertible {
    /// The database cannot be reached, or takes no writes.
    case unavailable(String)
    /// A statement took longer than it may, for its own work or for what it waited for.
    case tookTooLong(String)
    /// A row like it exists already, by the constraint of this name.
    case duplicate(constraint: String)
    /// Anything else: our fault.
    case surprise(String)

    package var description: String {
        switch self {
        case .unavailable(let why): "the database is unavailable: \(why)"
        case .tookTooLong(let what): "a statement took too long: \(what)"
        case .duplicate(let constraint): "a row like it exists (\(constraint))"
        case .surprise(let what): what
        }
    }

    init(_ error: PostgresError) {
        switch error.kind {
        case .unavailable, .readOnly, .commitUnknown: self = .unavailable(error.description)
        case .timeout: self = .tookTooLong(error.description)
        case .statement where error.isUniqueViolation: self = .duplicate(constraint: error.constraint ?? "")
        case .statement, .decoding, .invalidParameter: self = .surprise(error.description)
        }
    }
}
