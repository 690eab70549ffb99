import Synchronization

/// Ends the worker's nap: because work may be ready, or only because it has something to do.
package final class WorkSignal: Sendable {
    private let signal = WakeSignal()
    private let isReady = Atomic(false)

    /// A signal that nobody has given yet.
    package init() {}

    /// Says that an execution may be ready to start.
    package func wake() {
        isReady.store(true, ordering: .releasing)
        signal.wake()
    }

    /// Says that a place has come free, or that something was handed over.
    func poke() {
        signal.wake()
    }

    /// Whether an execution may be ready that was not so when this was last asked.
    func take() -> Bool {
        isReady.exchange(false, ordering: .acquiringAndReleasing)
    }

    /// Naps until either, at most for `limit`.
    package func nap(upTo limit: Duration) async {
        await signal.nap(upTo: limit)
    }
}
