import Domain
import Operations

/// Finds out who asks, and whether they may.
struct Gate: Sendable {
    /// The account that a token speaks for, or why it speaks for none.
    let account: @Sendable (_ token: String) async throws -> User

    /// Whoever sends these fields, if the rule lets them in.
    func admit(_ fields: RequestFields, under rule: AccessRule) async throws -> Principal {
        if rule == .open { return .anonymous }
        let principal = try await principal(fields)
        switch (rule, principal) {
        case (.open, _), (.anonymous, _): return principal
        case (_, .anonymous): throw OperationError.loginNeeded
        case (.any, .user), (.user, .user), (.reader, .user), (.owner, .user): return principal
        case (.superuser, .user(let user)):
            guard user.role == .superuser else { throw OperationError.superuserNeeded }
            return principal
        }
    }

    private func principal(_ fields: RequestFields) async throws -> Principal {
        if let field = fields.authorization {
            guard let token = Self.bearerToken(in: field) else {
                throw OperationError.refused(
                    .invalidToken, "The Authorization header must be the word Bearer and a token.")
            }
            return .user(try await account(token))
        }
        if fields.apiKey != nil {
            throw OperationError.refused(.invalidAPIKey, "The API key is not valid.")
        }
        return .anonymous
    }

    /// The token of a `Bearer` credential (RFC 6750); the scheme's case does not matter.
    static func bearerToken(in field: String) -> String? {
        let words = field.utf8.split(separator: UInt8(ascii: " "))
        guard words.count == 2, words[0].map(\.asciiLowercased).elementsEqual("bearer".utf8) else { return nil }
        return String(Substring(words[1]))
    }
}
