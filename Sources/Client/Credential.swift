/// Who asks a server.
package enum Credential: Sendable, Equatable {
    case nobody
    /// What a login gave.
    case token(String)
    /// A personal API key, or the service key.
    case key(String)

    /// The header that says so.
    var header: (name: String, value: String)? {
        switch self {
        case .nobody: nil
        case .token(let token): ("Authorization", "Bearer \(token)")
        case .key(let key): ("X-API-Key", key)
        }
    }
}
