import Domain
import Storage
import Synchronization

/// The attempts that this server has under way, from the grant to the record.
package final class RunningAttempts: Sendable {
    /// Why an attempt must end before its time.
    enum Ending: Sendable, Equatable {
        /// The database says so.
        case heard(Wish)
        /// The server stops.
        case shutdown
    }

    private struct Entry {
        let lease: Lease
        var ending: Ending?
        let signal: AsyncStream<Void>.Continuation
    }

    /// By fencing token: an execution's next attempt may begin before the last one is let go.
    private let entries = Mutex<[Int: Entry]>([:])

    /// Nothing is under way.
    package init() {}

    /// How many are under way.
    package var count: Int { entries.withLock { $0.count } }

    /// The leases under way.
    var leases: [Lease] { entries.withLock { $0.values.map(\.lease) } }

    /// Takes an attempt in; the stream ends when the attempt must.
    func add(_ lease: Lease) -> AsyncStream<Void> {
        let (stream, signal) = AsyncStream<Void>.makeStream()
        entries.withLock { $0[lease.fencingToken] = Entry(lease: lease, ending: nil, signal: signal) }
        return stream
    }

    /// Says that the attempt under a fencing token must end; the first to say so counts.
    func end(_ token: Int, _ ending: Ending) {
        let signal = entries.withLock { entries -> AsyncStream<Void>.Continuation? in
            guard entries[token] != nil, entries[token]?.ending == nil else { return nil }
            entries[token]?.ending = ending
            return entries[token]?.signal
        }
        signal?.finish()
    }

    /// Says that every attempt must end.
    func endAll(_ ending: Ending) {
        for token in entries.withLock({ Array($0.keys) }) { end(token, ending) }
    }

    /// Why the attempt of `lease` must end, if it must.
    func ending(of lease: Lease) -> Ending? {
        entries.withLock { $0[lease.fencingToken]?.ending }
    }

    /// Lets the attempt of `lease` go.
    func remove(_ lease: Lease) {
        let entry = entries.withLock { $0.removeValue(forKey: lease.fencingToken) }
        entry?.signal.finish()
    }
}
