import COpenSSL

/// What starts a task from outside: 256 random bits that are shown once.
package struct WebhookSecret: Sendable {
    /// The secret as whoever uses it writes it: letters, digits, `-` and `_`.
    package let text: String

    /// Makes a new one.
    package init() {
        text = Base64URL.encode(randomBytes(32))
    }

    /// What is stored of the secret: SHA-256 of its text.
    package var hash: [UInt8] { Self.hash(of: text) }

    /// Whether `text` is the secret of this hash. Takes the same time whether there is a hash or not, and wherever the two
    /// differ.
    package static func isRight(_ text: String, hash: [UInt8]?) -> Bool {
        let isEqual = constantTimeEquals(Self.hash(of: text), hash ?? [UInt8](repeating: 0, count: 32))
        return isEqual && hash != nil
    }

    private static func hash(of text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        let isDone = EVP_Digest(bytes, bytes.count, &digest, &length, EVP_sha256(), nil) == 1
        precondition(isDone && length == 32, "OpenSSL has no SHA-256")
        return digest
    }
}
