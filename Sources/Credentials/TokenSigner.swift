import Domain
import Foundation

/// Why a token is refused.
package enum TokenError: Error, Equatable {
    /// Malformed, forged, not yet valid, or with claims that are missing, of the wrong type or meant for others.
    case invalid
    /// In every other respect right, but past its `exp`.
    case expired
}

/// Why no signer can be made.
package enum TokenConfigurationError: Error, Equatable, CustomStringConvertible {
    case secretTooShort
    case previousSecretTooShort

    /// One sentence for a person.
    package var description: String {
        switch self {
        case .secretTooShort: "the token secret must have at least \(TokenSigner.minimumSecretLength) bytes"
        case .previousSecretTooShort:
            "the previous token secret must have at least \(TokenSigner.minimumSecretLength) bytes"
        }
    }
}

/// Makes and checks access tokens: JWTs (RFC 7519) in compact form under HS256 (RFC 7518), and nothing else.
package struct TokenSigner: Sendable {
    /// RFC 7518, section 3.2: the key must be at least as long as the hash.
    static let minimumSecretLength = 32
    private static let longestToken = 4096
    /// How far another server's clock may be ahead, in seconds.
    private static let clockSkew = 5.0
    private static let header = Base64URL.encode(Array(#"{"alg":"HS256","typ":"JWT"}"#.utf8))

    private let current: HMACSHA256
    private let previous: [HMACSHA256]
    private let issuer: String
    private let audience: String

    /// - Parameters:
    ///   - secret: what new tokens are signed with, at least 32 bytes.
    ///   - previous: earlier secrets whose tokens still hold until they expire.
    package init(
        secret: [UInt8], previous: [[UInt8]] = [], issuer: String, audience: String
    ) throws(TokenConfigurationError) {
        guard secret.count >= Self.minimumSecretLength else { throw .secretTooShort }
        guard previous.allSatisfy({ $0.count >= Self.minimumSecretLength }) else { throw .previousSecretTooShort }
        current = HMACSHA256(key: secret)
        self.previous = previous.map(HMACSHA256.init(key:))
        self.issuer = issuer
        self.audience = audience
    }

    /// A new token for a user, valid from this second on for as many seconds as `lifetime`.
    package func token(
        for subject: UUID, generation: Int, now: Date, lifetime seconds: Int
    ) -> (token: String, claims: TokenClaims) {
        let issuedAt = Int(now.timeIntervalSince1970.rounded(.down))
        let claims = TokenClaims(
            subject: subject, generation: generation, issuedAt: issuedAt, expiresAt: issuedAt + seconds,
            notBefore: issuedAt, id: Identifier<TokenClaims>().description)
        let payload = claims.payload(issuer: issuer, audience: audience).serializedBytes()
        let signed = "\(Self.header).\(Base64URL.encode(payload))"
        return ("\(signed).\(Base64URL.encode(current.code(for: Array(signed.utf8))))", claims)
    }

    /// The claims of a token that this signer, or one with the same secret, issuer and audience, has made.
    ///
    /// The algorithm is HS256 whatever the token says; a token that says otherwise is invalid.
    package func verify(_ token: String, now: Date) throws(TokenError) -> TokenClaims {
        let bytes = Array(token.utf8.prefix(Self.longestToken + 1))
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard bytes.count <= Self.longestToken, parts.count == 3, let code = Base64URL.decode(parts[2]),
            isCode(code, for: Array(bytes[..<parts[1].endIndex])),
            let header = json(parts[0]), isAccepted(header: header),
            let payload = json(parts[1]),
            let claims = TokenClaims(payload: payload, issuer: issuer, audience: audience)
        else { throw .invalid }

        let now = now.timeIntervalSince1970
        let latestStart = now + Self.clockSkew
        guard Double(claims.notBefore) <= latestStart, Double(claims.issuedAt) <= latestStart else { throw .invalid }
        guard now < Double(claims.expiresAt) else { throw .expired }
        return claims
    }

    private func isCode(_ code: [UInt8], for message: [UInt8]) -> Bool {
        ([current] + previous).contains { constantTimeEquals(code, $0.code(for: message)) }
    }

    private func json(_ part: ArraySlice<UInt8>) -> JSONValue? {
        guard let bytes = Base64URL.decode(part) else { return nil }
        // Whatever is wrong with it, the answer is the same.
        return try? JSONValue.parse(bytes, maximumDepth: 8, duplicateKeys: .refused)
    }

    private func isAccepted(header: JSONValue) -> Bool {
        guard case .object(let members) = header else { return false }
        // An extension marked critical must be understood, and none is (RFC 7515, section 4.1.11).
        return members["alg"] == "HS256" && members["typ", default: "JWT"] == "JWT" && members["crit"] == nil
    }
}
