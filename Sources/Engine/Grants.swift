import Synchronization

/// How many further attempts this server may take on, shared by those who have them granted: the worker, which claims
/// what waits, and the scheduler, whose slots start at once where there is room.
package final class Grants: Sendable {
    private struct State {
        /// Places of grants that are under way.
        var reserved = 0
        /// Those of them that the scheduler has taken.
        var firing = 0
        /// What the scheduler was granted and the worker has not begun yet.
        var handed: [Grant] = []
        /// Whether what waits takes all places.
        var isQueued = false
        /// Whether the scheduler is granted nothing, since the database has yet to be asked what is ours.
        var isClosed = true
        /// Whether a grant may have been committed whose answer was lost.
        var mayHaveLostSome = false
    }

    private let capacity: Int
    private let running: RunningAttempts
    private let state = Mutex(State())

    /// Of `capacity` places, less those of `running`.
    package init(capacity: Int, running: RunningAttempts) {
        self.capacity = capacity
        self.running = running
    }

    // MARK: The worker's side

    /// Takes all places that are free, to be given back by `release` when the leases are begun.
    func reserve() -> Int {
        state.withLock { state in
            let free = free(in: state)
            state.reserved += free
            return free
        }
    }

    private func free(in state: State) -> Int {
        max(0, capacity - running.count - state.reserved - state.handed.count)
    }

    func release(_ places: Int) {
        state.withLock { $0.reserved -= places }
    }

    /// Notes whether more may wait than there is room for: then slots queue up behind it, by priority and age.
    func note(isQueued: Bool) {
        state.withLock { $0.isQueued = isQueued }
    }

    /// What the scheduler was granted, to be begun; then `release` gives back the places.
    func takeHanded() -> [Grant] {
        state.withLock { state in
            defer { state.handed = [] }
            state.reserved += state.handed.count
            return state.handed
        }
    }

    /// Whether an answer was lost since this was last asked.
    func takeLoss() -> Bool {
        state.withLock { state in
            defer { state.mayHaveLostSome = false }
            return state.mayHaveLostSome
        }
    }

    /// Has the scheduler granted nothing until `open`; true once nothing of it is under way and all is taken.
    @discardableResult
    func close() -> Bool {
        state.withLock { state in
            state.isClosed = true
            return state.firing == 0 && state.handed.isEmpty
        }
    }

    func open() {
        state.withLock { $0.isClosed = false }
    }

    // MARK: The scheduler's side

    /// Takes up to so many places for slots that start at once; to be followed by `hand`, or by `lose`.
    func reserve(forSlots wanted: Int) -> Int {
        state.withLock { state in
            guard !state.isClosed, !state.isQueued else { return 0 }
            let taken = min(wanted, free(in: state))
            state.reserved += taken
            state.firing += taken
            return taken
        }
    }

    /// Hands the worker what was granted of the places taken.
    func hand(_ grants: [Grant]) {
        state.withLock { state in
            state.reserved -= state.firing
            state.firing = 0
            state.handed += grants
        }
    }

    /// Gives the places back after a failure: what was granted on them, if anything, is found by the worker.
    func lose() {
        state.withLock { state in
            if state.firing > 0 {
                state.mayHaveLostSome = true
                state.isClosed = true
            }
            state.reserved -= state.firing
            state.firing = 0
        }
    }
}
