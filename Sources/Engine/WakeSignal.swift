import Synchronization

/// Ends a loop's nap. A signal that comes while nobody naps ends the next nap at once, so none is lost.
package final class WakeSignal: Sendable {
    private enum State {
        case idle
        case signaled
        case napping(CheckedContinuation<Void, Never>)
    }

    private let state = Mutex(State.idle)
    private let latest = Mutex<ContinuousClock.Instant?>(nil)

    /// A signal that nobody has given yet.
    package init() {}

    /// Ends the nap under way, or the next one.
    package func wake() {
        latest.withLock { $0 = .now }
        endNapOrNext()
    }

    /// Ends a nap again if a signal has come since `instant`: for what was asked for then, and came too late to be seen
    /// by whoever that signal woke.
    func wakeAgain(ifSince instant: ContinuousClock.Instant) {
        if latest.withLock({ $0.map { $0 >= instant } ?? false }) { endNapOrNext() }
    }

    private func endNapOrNext() {
        let sleeper = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if case .napping(let sleeper) = state {
                state = .idle
                return sleeper
            }
            state = .signaled
            return nil
        }
        sleeper?.resume()
    }

    /// Naps until the signal, at most for `limit`; a cancelled task does not nap. One loop naps at a time.
    package func nap(upTo limit: Duration) async {
        guard limit > .zero else { return }
        await withTaskGroup { group in
            group.addTask { await self.signal() }
            group.addTask { try? await Task.sleep(for: limit) }  // Cancelled when the signal came first.
            await group.next()
            group.cancelAll()
        }
    }

    private func signal() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if case .signaled = state {
                        state = .idle
                        return true
                    }
                    guard !Task.isCancelled else { return true }
                    state = .napping(continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            endNap()
        }
    }

    private func endNap() {
        let sleeper = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard case .napping(let sleeper) = state else { return nil }
            state = .idle
            return sleeper
        }
        sleeper?.resume()
    }
}
