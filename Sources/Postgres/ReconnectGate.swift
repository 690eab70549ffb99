import Synchronization

/// Spaces out attempts to reach a server that does not answer: 100 ms, doubling to 5 s, each shortened at random.
final class ReconnectGate: Sendable {
    private struct State {
        var failures = 0
        var nextAttempt: ContinuousClock.Instant?
    }

    private let state = Mutex(State())

    /// Nil when the caller may try now, and then must report what came of it; else how long to wait before asking again.
    func claim(now: ContinuousClock.Instant = .now) -> Duration? {
        state.withLock { state in
            guard let next = state.nextAttempt else { return nil }
            // Asking again early lets everyone go on soon after one attempt has succeeded.
            if now < next { return min(now.duration(to: next), .milliseconds(50)) }
            // While one tries, the others wait.
            state.nextAttempt = now + Self.delay(afterFailures: state.failures)
            return nil
        }
    }

    /// Returns whether this ended an outage.
    @discardableResult func succeeded() -> Bool {
        state.withLock { state in
            defer { state = State() }
            return state.failures > 0
        }
    }

    /// Returns whether this began an outage.
    @discardableResult func failed(now: ContinuousClock.Instant = .now) -> Bool {
        state.withLock { state in
            // Attempts that failed together count once.
            if let next = state.nextAttempt, state.failures == 1, now < next { return false }
            state.failures += 1
            state.nextAttempt = now + Self.delay(afterFailures: state.failures)
            return state.failures == 1
        }
    }

    static func delay(afterFailures failures: Int) -> Duration {
        let longest = min(5_000, 100 << min(max(failures - 1, 0), 6))
        return .milliseconds(Int.random(in: longest / 2...longest))
    }
}
