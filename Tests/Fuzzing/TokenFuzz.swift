import Domain
import Foundation

@testable import Credentials

/// By the first byte: a token that nobody signed, a token with changes, or a payload and header signed with the right
/// key.
///
/// Nothing is accepted that was not signed as it stands, and of what was signed only claims that are complete, meant
/// for us and in force.
func fuzz(_ bytes: [UInt8]) {
    let rest = bytes.dropFirst()
    switch bytes.first {
    case UInt8(ascii: "t"): checkForged(String(decoding: swollen(Array(rest)), as: UTF8.self))
    case UInt8(ascii: "m"): checkMutated(rest)
    case UInt8(ascii: "p"): checkPayload(swollen(Array(rest)))
    case UInt8(ascii: "h"): checkHeader(Array(rest))
    default: checkBase64(bytes)
    }
}

private let key = [UInt8](repeating: 7, count: 32)
private let now = Date(timeIntervalSince1970: 1_800_000_000)
private let subject = UUID(uuid: (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16))
private let code = HMACSHA256(key: key)
private let signer = require(
    try? TokenSigner(
        secret: key, previous: [[UInt8](repeating: 9, count: 32)], issuer: "https://example.org", audience: "qkron"),
    "no signer")
private let sound = signer.token(for: subject, generation: 3, now: now, lifetime: 60).token
private let soundHeader = #"{"alg":"HS256","typ":"JWT"}"#

private func verified(_ token: String) -> TokenClaims? {
    inLinearTime(token.utf8.count, "checking a token") { try? signer.verify(token, now: now) }
}

private func signed(_ header: [UInt8], _ payload: [UInt8]) -> String {
    let message = "\(Base64URL.encode(header)).\(Base64URL.encode(payload))"
    return "\(message).\(Base64URL.encode(code.code(for: Array(message.utf8))))"
}

private func checkForged(_ token: String) {
    require(verified(token) == nil, "a token that nobody signed is accepted")
    // The same with the signature of another token, and with a sound one around it.
    let parts = sound.split(separator: ".")
    require(verified("\(token).\(parts[2])") == nil, "a foreign signature is accepted")
    require(verified("\(parts[0]).\(parts[1]).\(token)") == nil || token == parts[2], "a forged signature is accepted")
    if !token.isEmpty { require(verified(sound + token) == nil, "a token with a tail is accepted") }
}

/// Up to eight changes of single bytes.
private func checkMutated(_ rest: ArraySlice<UInt8>) {
    require(verified(sound) != nil, "the sound token is refused")
    var choices = Choices(rest)
    var token = Array(sound.utf8)
    for _ in 0..<8 where !choices.isSpent {
        let place = Int(choices.byte()) << 8 | Int(choices.byte())
        token[place % token.count] = choices.byte()
    }
    let text = String(decoding: token, as: UTF8.self)
    require(text == sound || verified(text) == nil, "a changed token is accepted: \(text)")
}

private func checkPayload(_ payload: [UInt8]) {
    let token = signed(Array(soundHeader.utf8), payload)
    guard let claims = verified(token) else { return }
    require(token.utf8.count <= 4_096, "a token of \(token.utf8.count) bytes is accepted")
    require(claims.expiresAt > 1_800_000_000, "an expired token is accepted")
    require(claims.notBefore <= 1_800_000_005 && claims.issuedAt <= 1_800_000_005, "a token of the future is accepted")
    require(claims.generation >= 0 && !claims.id.isEmpty, "incomplete claims are accepted")
    let read = try? JSONSerialization.jsonObject(with: Data(payload)) as? [String: Any]
    require(read?["iss"] as? String == "https://example.org", "a token of another issuer is accepted")
    let audience = read?["aud"] as? [String] ?? [read?["aud"] as? String ?? ""]
    require(audience.contains("qkron"), "a token for others is accepted")
    let again = claims.payload(issuer: "https://example.org", audience: "qkron").serializedBytes()
    require(verified(signed(Array(soundHeader.utf8), again)) == claims, "claims do not come back")
}

private func checkHeader(_ header: [UInt8]) {
    let payload = Array(require(sound.split(separator: ".").dropFirst().first, "no payload").utf8)
    guard verified(signed(header, require(Base64URL.decode(payload), "not Base64"))) != nil else { return }
    let read = try? JSONSerialization.jsonObject(with: Data(header)) as? [String: Any]
    require(read?["alg"] as? String == "HS256", "another algorithm is accepted")
    require(read?["crit"] == nil, "an extension that must be understood is ignored")
}

private func checkBase64(_ bytes: [UInt8]) {
    let written = Base64URL.encode(bytes)
    require(Base64URL.decode(Array(written.utf8)) == bytes, "bytes do not come back")
    let standard = Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
    require(written == standard.filter { $0 != "=" }, "not as the standard writes it")
    guard let read = Base64URL.decode(bytes) else { return }
    require(Array(Base64URL.encode(read).utf8) == bytes, "two texts mean the same bytes")
}
