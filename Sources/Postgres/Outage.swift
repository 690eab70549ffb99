import Synchronization

/// Whether the server of a pool is away, as far as anybody's attempt to reach it has shown.
final class Outage: Sendable {
    private struct State {
        /// When it began, or somebody's connection worked last; nil while the server can be reached.
        var since: ContinuousClock.Instant?
        /// Why the latest attempt failed.
        var error: PostgresError?
        /// How many outages there were, with this one.
        var number = 0
        /// When an attempt last succeeded.
        var lastSuccess: ContinuousClock.Instant?
    }

    private let state = Mutex(State())

    /// Since when no connection has worked, and why none can be opened; nil while the server can be reached.
    var known: (since: ContinuousClock.Instant, error: PostgresError)? {
        state.withLock { state in
            guard let since = state.since, let error = state.error else { return nil }
            return (since, error)
        }
    }

    /// Whether the outage of this number still lasts.
    func isKnown(_ number: Int) -> Bool {
        state.withLock { $0.since != nil && $0.number == number }
    }

    /// Notes an attempt, begun at this instant, that failed. Returns the number of the outage where this began one.
    ///
    /// It tells nothing where another attempt has succeeded since it was begun.
    func attemptFailed(_ error: PostgresError, begun instant: ContinuousClock.Instant) -> Int? {
        state.withLock { state in
            if let success = state.lastSuccess, instant <= success { return nil }
            state.error = error
            guard state.since == nil else { return nil }
            state.since = instant
            state.number += 1
            return state.number
        }
    }

    /// Notes that an open connection still works: the server has no room for more, but is there.
    func connectionWorked(now: ContinuousClock.Instant = .now) {
        state.withLock { if $0.since != nil { $0.since = now } }
    }

    /// Notes an attempt that succeeded. Returns whether this ended an outage.
    func attemptSucceeded(now: ContinuousClock.Instant = .now) -> Bool {
        state.withLock { state in
            defer { (state.since, state.error, state.lastSuccess) = (nil, nil, now) }
            return state.since != nil
        }
    }

    /// How long to wait before the next attempt: 100 ms, doubling to a second, each shortened at random.
    static func delay(afterFailures failures: Int) -> Duration {
        let longest = min(1_000, 100 << min(max(failures - 1, 0), 6))
        return .milliseconds(Int.random(in: longest / 2...longest))
    }
}
