import COpenSSL
import EndToEndSupport
import Foundation

/// A JSON web token, taken apart so that tests can forge what the server must refuse.
struct WebToken {
    var header: JSON
    var claims: JSON
    var signature: [UInt8]

    init?(_ text: String) throws {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).compactMap { Self.decode(String($0)) }
        guard parts.count == 3 else { return nil }
        header = try JSON(parsing: parts[0])
        claims = try JSON(parsing: parts[1])
        signature = parts[2]
    }

    /// The token as it is sent, signed with `key`, or with the signature it already has.
    func text(signedWith key: String? = nil) throws -> String {
        let signed = try "\(Self.encode(header.bytes)).\(Self.encode(claims.bytes))"
        let signature = key.map { Self.hmac(Array(signed.utf8), key: Array($0.utf8)) } ?? signature
        return "\(signed).\(Self.encode(signature))"
    }

    private static func hmac(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: 32)
        var length = 0
        EVP_Q_mac(nil, "HMAC", nil, "SHA256", nil, key, key.count, message, message.count, &code, code.count, &length)
        return code
    }

    private static func encode(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
    }

    private static func decode(_ text: String) -> [UInt8]? {
        let plain = text.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
        let padding = String(repeating: "=", count: (4 - plain.count % 4) % 4)
        return Data(base64Encoded: plain + padding).map { [UInt8]($0) }
    }
}
