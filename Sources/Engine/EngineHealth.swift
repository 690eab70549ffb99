import Synchronization

/// What the loops tell of how they are.
package final class EngineHealth: Sendable {
    /// The loops that report.
    package enum Loop: Sendable, CaseIterable {
        case scheduler, worker, leaseKeeper
    }

    private let failing = Mutex<Set<Loop>>(Set(Loop.allCases))

    /// Nobody is well before their first round.
    package init() {}

    func note(_ loop: Loop, isWell: Bool) {
        failing.withLock { set in
            if isWell { set.remove(loop) } else { set.insert(loop) }
        }
    }

    /// Whether these loops' latest rounds went well.
    package func areWell(_ loops: [Loop]) -> Bool {
        failing.withLock { $0.isDisjoint(with: loops) }
    }
}
