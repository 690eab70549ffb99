/// Whoever asks.
package enum Principal: Sendable, Equatable {
    /// Nobody logged in.
    case anonymous
    /// A person with a valid token.
    case user(User)

    /// The account behind the request, if there is one.
    package var account: User? {
        switch self {
        case .anonymous: nil
        case .user(let user): user
        }
    }
}
