import Domain
import Foundation

/// What an access token says about its bearer. Instants are seconds since 1970, as in JWT (RFC 7519).
package struct TokenClaims: Sendable, Equatable {
    /// The user, claim `sub`.
    package let subject: UUID
    /// Which generation of the user's tokens this one belongs to, private claim `gen`; 0 where absent.
    package let generation: Int
    /// When it was made, claim `iat`.
    package let issuedAt: Int
    /// The first instant at which the token no longer holds.
    package let expiresAt: Int
    /// The first instant at which it holds, claim `nbf`.
    package let notBefore: Int
    /// The token's own name, claim `jti`.
    package let id: String
}

extension TokenClaims {
    /// The payload of a token that bears these claims.
    func payload(issuer: String, audience: String) -> JSONValue {
        [
            "sub": .string(Identifier<TokenClaims>(subject).description), "gen": .integer(generation),
            "iat": .integer(issuedAt), "exp": .integer(expiresAt), "nbf": .integer(notBefore), "jti": .string(id),
            "iss": .string(issuer), "aud": .string(audience),
        ]
    }

    /// Reads a payload; nil unless every claim is there, of its type, and meant for this audience from this issuer.
    init?(payload: JSONValue, issuer: String, audience: String) {
        guard case .object(let members) = payload,
            case .string(let claimedIssuer)? = members["iss"], claimedIssuer.hasSameBytes(as: issuer),
            Self.audience(members["aud"], includes: audience),
            case .string(let subjectText)? = members["sub"], let subject = Identifier<TokenClaims>(subjectText),
            case .string(let id)? = members["jti"], !id.isEmpty,
            let issuedAt = Self.instant(members["iat"]),
            let expiresAt = Self.instant(members["exp"]),
            let notBefore = Self.instant(members["nbf"]),
            case .integer(let generation) = members["gen", default: 0], generation >= 0
        else { return nil }
        self.init(
            subject: subject.uuid, generation: generation, issuedAt: issuedAt, expiresAt: expiresAt,
            notBefore: notBefore, id: id)
    }

    private static func audience(_ claim: JSONValue?, includes audience: String) -> Bool {
        switch claim {
        case .string(let only)?: return only.hasSameBytes(as: audience)
        case .array(let several)?:
            let isSound = several.allSatisfy { if case .string = $0 { true } else { false } }
            return isSound && several.contains(.string(audience))
        default: return false
        }
    }

    /// A NumericDate of whole seconds, however it is written.
    private static func instant(_ claim: JSONValue?) -> Int? {
        switch claim {
        case .integer(let seconds)?: seconds
        case .number(let seconds)?: Int(exactly: seconds)
        default: nil
        }
    }
}
