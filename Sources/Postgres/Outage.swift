import Synchronization

/// Whether the server of a pool is away, as far as anybody's attempt to reach it has shown.
final class Outage: Sendable {
    private struct State {
        /// When it began, or somebody's connection worked last.
        var since: ContinuousClock.Instant
        /// Why the latest attempt failed.
        var error: PostgresError
    }

    private let state = Mutex<State?>(nil)

    /// Since when no connection has worked, and why none can be opened; nil while the server can be reached.
    var known: (since: ContinuousClock.Instant, error: PostgresError)? {
        state.withLock { state in state.map { ($0.since, $0.error) } }
    }

    /// Notes an attempt, begun at this instant, that failed. Returns whether this began an outage.
    func attemptFailed(_ error: PostgresError, begun instant: ContinuousClock.Instant) -> Bool {
        state.withLock { state in
            let since = state?.since
            state = State(since: since ?? instant, error: error)
            return since == nil
        }
    }

    /// Notes that an open connection still works: the server has no room for more, but is there.
    func connectionWorked(now: ContinuousClock.Instant = .now) {
        state.withLock { $0?.since = now }
    }

    /// Notes an attempt that succeeded. Returns whether this ended an outage.
    func attemptSucceeded() -> Bool {
        state.withLock { state in
            defer { state = nil }
            return state != nil
        }
    }

    /// How long to wait before the next attempt: 100 ms, doubling to a second, each shortened at random.
    static func delay(afterFailures failures: Int) -> Duration {
        let longest = min(1_000, 100 << min(max(failures - 1, 0), 6))
        return .milliseconds(Int.random(in: longest / 2...longest))
    }
}
