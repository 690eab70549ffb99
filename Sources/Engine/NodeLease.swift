import Actions
import Domain
import Synchronization

/// The node's lease by this server's own clock, which counts from before each renewal was sent and stops earlier by the
/// margin: as long as it holds, nobody takes anything away.
///
/// The database alone does not tell. A renewal that was sent before an outage and is carried out after it makes a node
/// look alive whose runs have ended with its lease; and what the database granted may have been taken away again before
/// its answer came. So things begin only in the term in which they were asked for.
package final class NodeLease: Sendable {
    /// A time in which the lease held without a gap.
    package struct Term: Sendable, Equatable {
        fileprivate let number: Int
    }

    private struct State {
        var number = 0
        /// Until when the lease holds; nil before the first renewal.
        var end: ContinuousClock.Instant?
    }

    private let length: Duration
    private let catalog: ActionCatalog
    private let state = Mutex(State())

    /// A lease that begins with its first renewal; the runners of `catalog` are told until when it holds.
    package init(_ configuration: EngineConfiguration, catalog: ActionCatalog) {
        length = configuration.leaseDuration - configuration.leaseMargin
        self.catalog = catalog
    }

    /// Takes in that a renewal which was sent at that instant has been granted. One that was answered too late tells
    /// nothing.
    ///
    /// - Returns: whether a term begins with it.
    @discardableResult
    package func renewed(sent: ContinuousClock.Instant, at now: ContinuousClock.Instant = .now) -> Bool {
        let renewedEnd = sent + length
        guard renewedEnd > now else { return false }
        // Before anything can begin in a new term.
        catalog.holdLease(until: renewedEnd)
        return state.withLock { state in
            let end = state.end ?? now
            state.end = max(end, renewedEnd)
            guard end <= now else { return false }
            state.number += 1
            return true
        }
    }

    /// The term at an instant; nil while the lease does not hold.
    func term(at now: ContinuousClock.Instant = .now) -> Term? {
        state.withLock { state in
            state.end.flatMap { $0 > now ? Term(number: state.number) : nil }
        }
    }

    /// Until when what was asked for in a term may run unless the lease is renewed; nil if the term is over.
    func end(of term: Term, at now: ContinuousClock.Instant = .now) -> ContinuousClock.Instant? {
        state.withLock { state in
            state.end.flatMap { $0 > now && state.number == term.number ? $0 : nil }
        }
    }
}

/// What the database has granted, and in which term and when it was asked for.
package struct Grant: Sendable {
    let lease: Lease
    let term: NodeLease.Term
    let askedAt: ContinuousClock.Instant
}
