/// What this build calls itself.
enum Version {
    /// Semantic version.
    static let current = "0.1.0"
}
