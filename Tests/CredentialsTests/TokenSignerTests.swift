import COpenSSL
import Domain
import Foundation
import Testing

@testable import Credentials

private let secret = Array("0123456789abcdef0123456789abcdef".utf8)
private let now = Date(timeIntervalSince1970: 1_800_000_000.75)
private let subject = UUID(uuidString: "018F4A5E-9C3B-7D21-8E0F-0123456789AB")!

private func signer(_ secret: [UInt8] = secret, previous: [UInt8]? = nil) throws -> TokenSigner {
    try TokenSigner(secret: secret, previous: previous.map { [$0] } ?? [], issuer: "qkron", audience: "qkron-api")
}

/// A signature made without the code under test.
private func signature(_ text: String, secret: [UInt8] = secret) -> String {
    var code = [UInt8](repeating: 0, count: 32)
    var length = 0
    let message = Array(text.utf8)
    EVP_Q_mac(nil, "HMAC", nil, "SHA256", nil, secret, secret.count, message, message.count, &code, code.count, &length)
    return encoded(Data(code))
}

private func encoded(_ data: Data) -> String {
    data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
}

private let usualHeader = #"{"alg":"HS256","typ":"JWT"}"#

private let usualClaims: [String: String] = [
    "sub": "\"\(subject.uuidString.lowercased())\"", "gen": "3", "iat": "1800000000", "exp": "1800001800",
    "nbf": "1800000000", "iss": "\"qkron\"", "aud": "\"qkron-api\"", "jti": "\"t-1\"",
]

private func payload(_ changes: [String: String] = [:], without missing: String? = nil) -> String {
    let claims = usualClaims.merging(changes) { _, new in new }.filter { $0.key != missing }
    return "{" + claims.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}"
}

private func crafted(header: String = usualHeader, payload: String = payload(), secret: [UInt8] = secret) -> String {
    let signed = "\(encoded(Data(header.utf8))).\(encoded(Data(payload.utf8)))"
    return "\(signed).\(signature(signed, secret: secret))"
}

@Suite struct TokenSignerTests {
    @Test func `a token gives its claims back`() throws {
        let signer = try signer()
        let (token, claims) = signer.token(for: subject, generation: 3, now: now, lifetime: 1800)
        #expect(try signer.verify(token, now: now) == claims)
        #expect(claims.subject == subject)
        #expect(claims.generation == 3)
        #expect(claims.issuedAt == 1_800_000_000)
        #expect(claims.notBefore == 1_800_000_000)
        #expect(claims.expiresAt == 1_800_001_800)
        #expect(signer.token(for: subject, generation: 3, now: now, lifetime: 1800).claims.id != claims.id)
    }

    @Test func `a token is a JWT that others can read and check`() throws {
        let token = try signer().token(for: subject, generation: 0, now: now, lifetime: 60).token
        let parts = token.split(separator: ".")
        #expect(parts[2] == signature("\(parts[0]).\(parts[1])"))
        let header = try #require(Base64URL.decode(parts[0].utf8))
        #expect(String(decoding: header, as: UTF8.self) == usualHeader)
        let read = try JSONValue.parse(try #require(Base64URL.decode(parts[1].utf8)))
        guard case .object(let members) = read else {
            Issue.record("not an object")
            return
        }
        #expect(Set(members.keys) == ["sub", "gen", "iat", "exp", "nbf", "iss", "aud", "jti"])
        #expect(members["sub"] == "018f4a5e-9c3b-7d21-8e0f-0123456789ab")
        #expect(members["exp"] == 1_800_000_060)
    }

    @Test func `the signature of RFC 7515 appendix A1 comes out`() throws {
        let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
        let signed =
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
            + ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        let code = HMACSHA256(key: try #require(Base64URL.decode(key.utf8))).code(for: Array(signed.utf8))
        #expect(Base64URL.encode(code) == "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    }

    @Test(arguments: [
        usualHeader, #"{"typ":"JWT","alg":"HS256"}"#, #"{"alg":"HS256"}"#,
        #"{ "alg": "HS256", "kid": "1", "typ": "JWT" }"#,
    ])
    func `headers of other libraries are accepted`(header: String) throws {
        #expect(try signer().verify(crafted(header: header), now: now).generation == 3)
    }

    @Test(arguments: [
        #"{"alg":"none","typ":"JWT"}"#, #"{"alg":"RS256","typ":"JWT"}"#, #"{"alg":"HS512"}"#, #"{"alg":"hs256"}"#,
        #"{"alg":"HS256 "}"#, #"{"typ":"JWT"}"#, #"{"alg":null}"#, #"{"alg":["HS256"]}"#, #"{"alg":256}"#,
        #"{"alg":"HS256","typ":"JWE"}"#, #"{"alg":"HS256","typ":null}"#, #"{"alg":"HS256","crit":["exp"]}"#,
        #"{"alg":"HS256","crit":[]}"#, #"{"alg":"none","alg":"HS256"}"#, #"{"alg":"HS256","alg":"HS256"}"#,
        #"["HS256"]"#,
        #""HS256""#, "", "{", #"{"alg":"HS256"}x"#,
    ])
    func `other headers are refused though the signature is right`(header: String) throws {
        let signer = try signer()
        #expect(throws: TokenError.invalid) { try signer.verify(crafted(header: header), now: now) }
    }

    @Test(arguments: ["", "A", "AA"])
    func `a token without a signature is refused`(signature: String) throws {
        let signer = try signer()
        for algorithm in ["none", "None", "HS256"] {
            let header = encoded(Data("{\"alg\":\"\(algorithm)\"}".utf8))
            let token = "\(header).\(encoded(Data(payload().utf8))).\(signature)"
            #expect(throws: TokenError.invalid) { try signer.verify(token, now: now) }
        }
    }

    @Test func `changing any character is noticed`() throws {
        let signer = try signer()
        let token = Array(crafted().utf8)
        _ = try signer.verify(String(decoding: token, as: UTF8.self), now: now)
        for position in token.indices {
            for replacement in [UInt8(ascii: "A"), UInt8(ascii: "_"), UInt8(ascii: "="), token[position] ^ 1]
            where replacement != token[position] {
                var changed = token
                changed[position] = replacement
                let text = String(decoding: changed, as: UTF8.self)
                #expect(throws: TokenError.invalid) { try signer.verify(text, now: now) }
            }
        }
    }

    @Test func `malformed tokens are refused`() throws {
        let signer = try signer()
        let token = crafted()
        let parts = token.split(separator: ".").map(String.init)
        let malformed = [
            "", ".", "..", "...", "a.b.c", token + ".", "." + token, token + ".x", token + "=", token + " ",
            " " + token,
            token + "\n", "\(parts[0]).\(parts[1])", "\(parts[0])..\(parts[2])", "\(parts[0]).\(parts[2])",
            "Bearer \(token)", "\(parts[1]).\(parts[0]).\(parts[2])", token + "\u{0}", "é.é.é",
            String(repeating: "A", count: 1_000_000), String(repeating: ".", count: 1_000_000),
        ]
        for text in malformed {
            #expect(throws: TokenError.invalid) { try signer.verify(text, now: now) }
        }
    }

    @Test func `a token over four kibibytes is refused`() throws {
        let signer = try signer()
        let filled = { (count: Int) in crafted(payload: payload(["x": "\"\(String(repeating: "x", count: count))\""])) }
        #expect(filled(2700).utf8.count < 4096)
        _ = try signer.verify(filled(2700), now: now)
        #expect(throws: TokenError.invalid) { try signer.verify(filled(2900), now: now) }
    }

    @Test func `bytes that are not UTF-8 are refused though signed`() throws {
        let signer = try signer()
        var bytes = Data(payload().dropLast().utf8)
        bytes += Data(",\"x\":\"".utf8) + [0xFF] + Data("\"}".utf8)
        let signed = "\(encoded(Data(usualHeader.utf8))).\(encoded(bytes))"
        #expect(throws: TokenError.invalid) { try signer.verify("\(signed).\(signature(signed))", now: now) }
    }
}

@Suite struct TokenClaimsTests {
    @Test(arguments: ["sub", "exp", "iat", "nbf", "iss", "aud", "jti"])
    func `a token without one of its claims is refused`(claim: String) throws {
        let signer = try signer()
        let token = crafted(payload: payload(without: claim))
        #expect(throws: TokenError.invalid) { try signer.verify(token, now: now) }
    }

    @Test(arguments: [
        ("sub", "1"), ("sub", "\"me\""), ("sub", "null"), ("sub", "\"018f4a5e9c3b7d218e0f0123456789ab\""),
        ("exp", "\"1800001800\""), ("exp", "null"), ("exp", "1800001800.5"), ("exp", "1e400"),
        ("exp", "99999999999999999999"),
        ("exp", "true"), ("exp", "1e300"), ("iat", "\"1800000000\""), ("iat", "1800000000.5"), ("nbf", "[]"),
        ("nbf", "null"),
        ("iss", "\"other\""), ("iss", "[\"qkron\"]"), ("iss", "\"QKRON\""), ("iss", "\"\""), ("aud", "\"other\""),
        ("aud", "[]"),
        ("aud", "[\"other\"]"), ("aud", "[\"qkron-api\",1]"), ("aud", "{\"qkron-api\":1}"), ("aud", "\"qkron-api2\""),
        ("jti", "1"), ("jti", "\"\""), ("gen", "\"3\""), ("gen", "3.0"), ("gen", "-1"), ("gen", "null"),
        ("iat", "1800000006"), ("nbf", "1800000006"), ("iss", "\"qkron\",\"iss\":\"qkron\""),
        ("exp", "1,\"exp\":1800001800"),
    ])
    func `a claim of the wrong kind is refused`(claim: String, value: String) throws {
        let signer = try signer()
        let token = crafted(payload: payload([claim: value]))
        #expect(throws: TokenError.invalid) { try signer.verify(token, now: now) }
    }

    @Test(arguments: [
        ("aud", "[\"other\",\"qkron-api\"]"), ("exp", "1800001800.0"), ("exp", "1.8000018e9"), ("iat", "1800000005"),
        ("nbf", "1800000005"), ("iat", "0"), ("sub", "\"018F4A5E-9C3B-7D21-8E0F-0123456789AB\""), ("scope", "\"more\""),
    ])
    func `a claim of the right kind is accepted however it is written`(claim: String, value: String) throws {
        let claims = try signer().verify(crafted(payload: payload([claim: value])), now: now)
        #expect(claims.subject == subject)
        #expect(claims.expiresAt == 1_800_001_800)
    }

    @Test func `a token without a generation is of generation 0`() throws {
        #expect(try signer().verify(crafted(payload: payload(without: "gen")), now: now).generation == 0)
    }

    @Test(arguments: ["[]", "null", "\"\"", "1", ""])
    func `a payload that is no object is refused`(payload: String) throws {
        let signer = try signer()
        #expect(throws: TokenError.invalid) { try signer.verify(crafted(payload: payload), now: now) }
    }

    @Test func `a token holds until its last instant and not a moment longer`() throws {
        let signer = try signer()
        let token = signer.token(for: subject, generation: 0, now: now, lifetime: 60).token
        _ = try signer.verify(token, now: Date(timeIntervalSince1970: 1_800_000_059.999))
        #expect(throws: TokenError.expired) {
            try signer.verify(token, now: Date(timeIntervalSince1970: 1_800_000_060))
        }
        #expect(throws: TokenError.expired) { try signer.verify(token, now: now + 1_000_000) }
    }

    @Test(arguments: [("iss", "\"other\""), ("aud", "\"other\""), ("sub", "1"), ("jti", "null"), ("gen", "-1")])
    func `an expired token with another fault is invalid`(claim: String, value: String) throws {
        let signer = try signer()
        let token = crafted(payload: payload([claim: value]))
        #expect(throws: TokenError.invalid) { try signer.verify(token, now: now + 1_000_000) }
    }

    @Test func `an expired forgery is invalid`() throws {
        let signer = try signer()
        let forged = crafted(secret: Array("another secret of thirty-two byte".utf8))
        #expect(throws: TokenError.invalid) { try signer.verify(forged, now: now + 1_000_000) }
    }
}

@Suite struct TokenSecretTests {
    private let newer = Array("fedcba9876543210fedcba9876543210".utf8)

    @Test func `tokens of the previous secret hold, and new ones use the new`() throws {
        let before = try signer()
        let rotated = try signer(newer, previous: secret)
        let after = try signer(newer)
        let old = before.token(for: subject, generation: 0, now: now, lifetime: 60).token
        let new = rotated.token(for: subject, generation: 0, now: now, lifetime: 60).token
        _ = try rotated.verify(old, now: now)
        _ = try rotated.verify(new, now: now)
        _ = try after.verify(new, now: now)
        #expect(throws: TokenError.invalid) { try after.verify(old, now: now) }
        #expect(throws: TokenError.invalid) { try before.verify(new, now: now) }
    }

    @Test func `a signer of another audience or issuer refuses`() throws {
        let token = try signer().token(for: subject, generation: 0, now: now, lifetime: 60).token
        let otherAudience = try TokenSigner(secret: secret, issuer: "qkron", audience: "other")
        let otherIssuer = try TokenSigner(secret: secret, issuer: "other", audience: "qkron-api")
        #expect(throws: TokenError.invalid) { try otherAudience.verify(token, now: now) }
        #expect(throws: TokenError.invalid) { try otherIssuer.verify(token, now: now) }
    }

    @Test func `short secrets are refused`() throws {
        let short = Array(secret.dropLast())
        #expect(throws: TokenConfigurationError.secretTooShort) { try signer(short) }
        #expect(throws: TokenConfigurationError.secretTooShort) { try signer([]) }
        #expect(throws: TokenConfigurationError.previousSecretTooShort) { try signer(secret, previous: short) }
        #expect(throws: TokenConfigurationError.previousSecretTooShort) { try signer(secret, previous: []) }
    }
}
