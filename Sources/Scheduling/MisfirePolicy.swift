/// What becomes of slots that no server took up within their grace.
package enum MisfirePolicy: String, Sendable, CaseIterable {
    /// The newest missed slot runs, the older ones are skipped.
    case fireOnce = "fire_once"
    /// All missed slots are skipped.
    case skip
    /// Every missed slot runs, oldest first, up to the newest 1,000.
    case fireAll = "fire_all"
}
