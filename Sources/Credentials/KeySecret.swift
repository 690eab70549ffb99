/// The secret of an API key, which its owner is shown once.
package struct KeySecret: Sendable {
    /// What is sent as `X-API-Key`.
    package let text: String

    /// A new secret of 256 random bits.
    package init() {
        text = "qk_" + Base64URL.encode(randomBytes(32))
    }

    /// The first characters, by which its owner knows it; the rest is still beyond guessing.
    package var prefix: String { String(text.prefix(8)) }
}
