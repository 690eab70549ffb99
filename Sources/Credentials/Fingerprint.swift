/// A short name for a secret, by which servers notice that they hold different ones.
package enum Fingerprint {
    /// Sixteen hexadecimal digits that reveal nothing about the secret; it must not be empty.
    package static func of(_ secret: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        let code = HMACSHA256(key: secret).code(for: Array("qkron fingerprint".utf8))
        return String(code.prefix(8).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 0xF)]] })
    }
}
