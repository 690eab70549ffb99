/// A short form of what somebody typed as a name, which tells nothing of it to a reader: it may be a password.
package enum NameDigest {
    private static let code = HMACSHA256(key: Array("qkron login name".utf8))

    /// Thirty-two bytes, the same for the same text.
    package static func of(_ name: String) -> [UInt8] {
        code.code(for: Array(name.utf8))
    }
}
