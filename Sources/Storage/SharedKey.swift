/// A key that the servers of a database share: the database knows its fingerprint.
package enum SharedKey: String, Sendable, CaseIterable {
    /// Signs tokens.
    case signing = "SECRET_KEY"
    /// Seals the secrets of tasks.
    case encryption = "ENCRYPTION_KEY"

    /// The key of the setting that holds the fingerprint.
    package var fingerprint: String { "\(rawValue.lowercased())_fingerprint" }
}
