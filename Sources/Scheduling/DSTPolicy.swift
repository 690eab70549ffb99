/// What a cron schedule does where the local clock skips or repeats time.
package enum DSTPolicy: String, Sendable, CaseIterable {
    /// Skipped runs come once, when the gap ends; repeated times run once when the expression names them singly.
    case standard
    /// Skipped local times have no slot; repeated ones as `standard`.
    case skip
    /// Skipped local times as `standard`; repeated ones run in the first pass only.
    case once
    /// Skipped local times as `standard`; repeated ones run in both passes.
    case twice
}
