import Domain
import Synchronization

/// The attempts that this server has under way, from the grant to the record.
package final class RunningAttempts: Sendable {
    /// Why an attempt must end before its time.
    enum Ending: Sendable, Equatable {
        /// Somebody wishes it.
        case wished(Reason)
        /// The database has given the execution to somebody else, or it is gone.
        case leaseGone
        /// The server stops.
        case shutdown
    }

    private struct Entry {
        let lease: Lease
        var ending: Ending?
        let signal: AsyncStream<Void>.Continuation
    }

    private let entries = Mutex<[Identifier<Execution>: Entry]>([:])

    /// Nothing is under way.
    package init() {}

    /// How many are under way.
    package var count: Int { entries.withLock { $0.count } }

    /// The leases under way.
    var leases: [Lease] { entries.withLock { $0.values.map(\.lease) } }

    /// Takes an attempt in; the stream ends when the attempt must.
    func add(_ lease: Lease) -> AsyncStream<Void> {
        let (stream, signal) = AsyncStream<Void>.makeStream()
        entries.withLock { $0[lease.executionID] = Entry(lease: lease, ending: nil, signal: signal) }
        return stream
    }

    /// Says that an attempt must end; the first to say so counts.
    func end(_ id: Identifier<Execution>, _ ending: Ending) {
        let signal = entries.withLock { entries -> AsyncStream<Void>.Continuation? in
            guard entries[id] != nil, entries[id]?.ending == nil else { return nil }
            entries[id]?.ending = ending
            return entries[id]?.signal
        }
        signal?.finish()
    }

    /// Says that every attempt must end.
    func endAll(_ ending: Ending) {
        for id in entries.withLock({ Array($0.keys) }) { end(id, ending) }
    }

    /// Why an attempt must end, if it must.
    func ending(of id: Identifier<Execution>) -> Ending? {
        entries.withLock { $0[id]?.ending }
    }

    /// Lets an attempt go.
    func remove(_ id: Identifier<Execution>) {
        let entry = entries.withLock { $0.removeValue(forKey: id) }
        entry?.signal.finish()
    }
}
