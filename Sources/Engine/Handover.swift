import Synchronization

/// Whether the server stops in order to be replaced by another on the same data directory, which carries on with its
/// runs: then they are let go instead of waited for, and the lease is kept.
package final class Handover: Sendable {
    private let hasBegun = Atomic(false)

    /// The server stays, or stops for good.
    package init() {}

    /// Whether the server is being replaced.
    package var isUnderWay: Bool { hasBegun.load(ordering: .acquiring) }

    /// Decides that the stop that follows is a replacement.
    package func begin() {
        hasBegun.store(true, ordering: .releasing)
    }
}
