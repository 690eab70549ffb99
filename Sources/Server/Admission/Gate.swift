import Domain
import Operations

/// Finds out who asks, and whether they may.
struct Gate: Sendable {
    /// The account that a token speaks for, or why it speaks for none.
    let account: @Sendable (_ token: String) async throws -> User
    /// Whoever a key speaks for, a person or the service, or why for nobody.
    let keyHolder: @Sendable (_ secret: String) async throws -> Principal

    /// Whoever sends these fields, if the route lets them in.
    ///
    /// - Throws: whatever is wrong with the credentials, `notAuthenticated`, `roleRequired` or `scopeRequired`.
    func admit(_ fields: RequestFields, to route: Route) async throws -> Principal {
        if route.access == .open { return .anonymous }
        let principal = try await principal(fields, for: route)
        switch principal {
        case .anonymous:
            guard route.access == .anonymous else { throw OperationError.loginNeeded }
        case .service:
            guard route.access.admitsService else { throw OperationError.personNeeded }
        case .user(let user):
            try route.access.check(user.role)
        case .key(let key, let owner):
            guard route.access != .anonymous || route.scope != nil else { return principal }
            guard let scope = route.scope, key.scopes.contains(scope) else {
                throw OperationError.scopeNeeded(route.scope)
            }
            if route.access != .superuserOrKey { try route.access.check(owner.role) }
        case .webhook, .console:
            // Neither is what credentials name.
            throw OperationError.loginNeeded
        }
        return principal
    }

    private func principal(_ fields: RequestFields, for route: Route) async throws -> Principal {
        if let field = fields.authorization {
            guard let token = Self.bearerToken(in: field) else {
                throw OperationError.refused(
                    .invalidToken, "The Authorization header must be the word Bearer and a token.")
            }
            // Before its version 3, Prometheus sends a key in no other field. A token has points in it, and a key none.
            if route.scope == .metrics, !token.utf8.contains(UInt8(ascii: ".")) { return try await keyHolder(token) }
            return .user(try await account(token))
        }
        if let key = fields.apiKey { return try await keyHolder(key) }
        return .anonymous
    }

    /// The token of a `Bearer` credential (RFC 6750); the scheme's case does not matter.
    static func bearerToken(in field: String) -> String? {
        let space = UInt8(ascii: " ")
        let words = field.utf8.drop { $0 == space }
        let scheme = words.prefix { $0 != space }
        guard scheme.count == 6, scheme.lazy.map(\.asciiLowercased).elementsEqual("bearer".utf8) else { return nil }
        let rest = words[scheme.endIndex...].drop { $0 == space }
        let token = rest.prefix { $0 != space }
        guard !token.isEmpty, rest[token.endIndex...].allSatisfy({ $0 == space }) else { return nil }
        return String(Substring(token))
    }
}

extension AccessRule {
    /// - Throws: `roleRequired` for a role that the rule leaves out.
    fileprivate func check(_ role: Role) throws {
        switch (self, role) {
        case (.open, _), (.anonymous, _), (.any, _), (.anyOrService, _), (.reader, _), (.selfOrSuperuser, _),
            (_, .superuser):
            break
        case (.superuser, _), (.superuserOrKey, _): throw OperationError.superuserNeeded
        case (.user, .user), (.userOrService, .user), (.owner, .user), (.ownerInPerson, .user): break
        case (.user, .viewer), (.userOrService, .viewer), (.owner, .viewer), (.ownerInPerson, .viewer):
            throw OperationError.viewerMayNot
        }
    }

    /// Whether the service key may call.
    var admitsService: Bool {
        switch self {
        case .open, .anonymous, .anyOrService, .userOrService, .reader, .owner, .superuserOrKey: true
        case .any, .user, .ownerInPerson, .selfOrSuperuser, .superuser: false
        }
    }
}

extension OperationError {
    fileprivate static func scopeNeeded(_ scope: APIKeyScope?) -> OperationError {
        .refused(
            .scopeRequired,
            scope.map { "The API key needs the scope \($0.rawValue) for this." }
                ?? "No API key may do this; log in as a person.")
    }
}
