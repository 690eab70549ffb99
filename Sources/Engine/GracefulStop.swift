import ServiceLifecycle
import Synchronization

/// Runs a loop that is told to stop, not cancelled in the middle of what it does: `body` asks whether it is over.
///
/// - Parameter wake: ends the loop's nap, so that it asks.
func untilGracefulShutdown(
    waking wake: @escaping @Sendable () -> Void, _ body: (_ isOver: () -> Bool) async -> Void
) async {
    let isStopping = Atomic(false)
    await withGracefulShutdownHandler {
        await body { isStopping.load(ordering: .acquiring) || Task.isCancelled }
    } onGracefulShutdown: {
        isStopping.store(true, ordering: .releasing)
        wake()
    }
}
