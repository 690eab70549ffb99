import Foundation

/// A time in which no server fired anything, as if every task were paused.
package struct FiringPause: Sendable, Equatable {
    /// Slots after it did not fire.
    package let pausedAt: Date
    /// The name of whoever asked for it, as it was then.
    package let pausedBy: String?
    /// Slots up to it did not fire; nil while the pause lasts.
    package let resumedAt: Date?

    /// A pause from one instant to another.
    package init(pausedAt: Date, pausedBy: String?, resumedAt: Date?) {
        self.pausedAt = pausedAt
        self.pausedBy = pausedBy
        self.resumedAt = resumedAt
    }
}
