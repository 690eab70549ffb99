/// What starts a task from outside: 256 random bits that are shown once.
package struct WebhookSecret: Sendable {
    /// The secret as whoever uses it writes it: letters, digits, `-` and `_`.
    package let text: String

    /// Makes a new one.
    package init() {
        text = Base64URL.encode(randomBytes(32))
    }

    /// What is stored of the secret: SHA-256 of its text.
    package var hash: [UInt8] { SHA256.digest(of: text) }

    /// Whether `text` is the secret of this hash. Takes the same time whether there is a hash or not, and wherever the
    /// two differ.
    package static func isRight(_ text: String, hash: [UInt8]?) -> Bool {
        let isEqual = constantTimeEquals(SHA256.digest(of: text), hash ?? [UInt8](repeating: 0, count: 32))
        return isEqual && hash != nil
    }
}
