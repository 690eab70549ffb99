import Synchronization

/// The open connections of a pool: those that wait for work, and how many are lent. Together never more than the size.
final class Shelf: Sendable {
    private struct State {
        /// Each with when it came back; whoever came last goes first.
        var idle: [(connection: PostgresConnection, since: ContinuousClock.Instant)] = []
        var lent = 0
        var isClosed = false
    }

    private let size: Int
    private let state = Mutex(State())

    /// No more than `size` are lent at a time; that is for the caller to see to.
    init(size: Int) {
        self.size = size
    }

    var isEmpty: Bool { state.withLock(\.idle.isEmpty) }
    var counts: (idle: Int, lent: Int) { state.withLock { ($0.idle.count, $0.lent) } }

    /// Lends one that is there; nil where there is none.
    func lend() -> PostgresConnection? {
        state.withLock { state in
            guard let (connection, _) = state.idle.popLast() else { return nil }
            state.lent += 1
            return connection
        }
    }

    /// Lends a new one, for which the oldest makes room where need be.
    func lend(new connection: PostgresConnection) {
        // Whatever is dropped closes when the lock is free.
        _ = state.withLock { state in
            state.lent += 1
            let surplus = max(0, min(state.idle.count, state.idle.count + state.lent - size))
            defer { state.idle.removeFirst(surplus) }
            return Array(state.idle.prefix(surplus))
        }
    }

    /// Takes back what was lent, and drops it where it is of no more use.
    func takeBack(_ connection: PostgresConnection) {
        state.withLock { state in
            state.lent -= 1
            if connection.isReusable, !state.isClosed { state.idle.append((connection, .now)) }
        }
    }

    /// Keeps a connection that nobody waits for, where there is room.
    func keep(_ connection: PostgresConnection) {
        state.withLock { state in
            guard connection.isReusable, !state.isClosed, state.idle.count + state.lent < size else { return }
            state.idle.append((connection, .now))
        }
    }

    /// Drops those that nobody has used since that instant.
    func drop(idleSince instant: ContinuousClock.Instant) {
        _ = state.withLock { state in
            let count = state.idle.prefix { $0.since <= instant }.count
            defer { state.idle.removeFirst(count) }
            return Array(state.idle.prefix(count))
        }
    }

    /// Gives out what is idle, and keeps nothing that comes back from now on.
    func close() -> [PostgresConnection] {
        state.withLock { state in
            state.isClosed = true
            defer { state.idle = [] }
            return state.idle.map(\.connection)
        }
    }
}
