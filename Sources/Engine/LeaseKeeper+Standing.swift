import Synchronization

extension LeaseKeeper {
    /// How the renewals of a lease stand.
    final class Standing: Sendable {
        private struct State {
            var unanswered = 0
            var isFailing = false
            var isSuperseded = false
        }

        private let state = Mutex(State())
        /// Given when a renewal is over while others wait.
        let change = WakeSignal()

        /// Whether another server has started as this node.
        var isSuperseded: Bool { state.withLock(\.isSuperseded) }

        /// Whether a renewal is under way or has just failed.
        var hasUnanswered: Bool { state.withLock { $0.unanswered > 0 || $0.isFailing } }

        /// Whether the latest renewal that ended went well.
        var isWell: Bool { state.withLock { !$0.isFailing && !$0.isSuperseded } }

        /// Begins a renewal, if fewer than so many are under way.
        func begin(atMost limit: Int) -> Bool {
            state.withLock { state in
                guard state.unanswered < limit else { return false }
                state.unanswered += 1
                return true
            }
        }

        /// Notes that a renewal was granted; true if it is the first after failures.
        func succeed() -> Bool {
            state.withLock { state in
                state.unanswered -= 1
                defer { state.isFailing = false }
                return state.isFailing
            }
        }

        /// Notes that a renewal failed; true if it is the first of a row.
        func fail() -> Bool {
            state.withLock { state in
                defer { state.isFailing = true }
                return !state.isFailing
            }
        }

        /// Notes that a failed renewal is over, and that the next may be tried.
        func end() {
            state.withLock { $0.unanswered -= 1 }
            change.wake()
        }

        /// Notes that the node is not ours any more.
        func supersede() {
            state.withLock { state in
                state.unanswered -= 1
                state.isSuperseded = true
            }
            change.wake()
        }
    }
}
