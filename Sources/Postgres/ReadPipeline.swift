import Foundation
import Synchronization

/// Single reads of many callers over one connection: what waits together goes out together, in libpq's pipeline mode,
/// each read its own transaction.
///
/// It is for reads that are quick, since one waits for those before it. A read that this connection could not answer is
/// for the caller to ask elsewhere; it is never answered twice.
final class ReadPipeline: Sendable {
    /// A read was not answered here, for no fault of its own: it may be asked elsewhere.
    struct Unanswered: Error {
        /// Since when the server was silent, if it was: whoever asks elsewhere had better not do so over a connection
        /// that has been idle for as long.
        var silentSince: ContinuousClock.Instant?
    }

    private struct Read {
        let key: PreparedStatements.Key
        let parameters: [PostgresValue]
        let answer: (Result<[PostgresRow], any Error>) -> Void
    }

    private struct KeyedRead {
        let key: UUID
        let lookup: Lookup
        let reader: CheckedContinuation<PostgresRow?, any Error>
    }

    private enum Waiting {
        case read(SQL, CheckedContinuation<[PostgresRow], any Error>)
        case lookup(KeyedRead)

        func turnAway() {
            switch self {
            case .read(_, let reader): reader.resume(throwing: Unanswered())
            case .lookup(let read): read.reader.resume(throwing: Unanswered())
            }
        }
    }

    private struct State {
        var waiting: [Waiting] = []
        var standing = Standing.closed

        /// Takes the first out, in most cases all: then nothing is copied while others wait for the lock.
        mutating func takeWaiting(atMost limit: Int) -> [Waiting] {
            guard waiting.count > limit else {
                defer { waiting = [] }
                return waiting
            }
            defer { waiting.removeFirst(limit) }
            return Array(waiting.prefix(limit))
        }
    }

    /// Where a read was put.
    private enum Place {
        case none
        /// The thread is to be woken for it.
        case first
        case behind
        /// There is no thread yet.
        case opening
    }

    private enum Standing {
        /// No thread and no connection; the next read opens both, unless that failed a moment ago.
        case closed
        case failed(at: ContinuousClock.Instant)
        case open
        /// For good.
        case finished
    }

    private static let pauseAfterFailure = Duration.seconds(1)
    /// How many reads go out together: with more, the first would wait for the last.
    private static let batch = 256

    private let configuration: PostgresConfiguration
    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)

    /// Opens nothing yet.
    init(_ configuration: PostgresConfiguration) {
        self.configuration = configuration
    }

    /// Runs one statement that only reads, together with what else waits, and returns its rows.
    ///
    /// Throws `Unanswered` where the read may be asked elsewhere, and `PostgresError` where the statement is at fault.
    ///
    /// - Parameter mayOpen: whether to wait for a connection where there is none.
    func query(_ sql: SQL, mayOpen: Bool) async throws -> [PostgresRow] {
        try sql.check()
        return try await withCheckedThrowingContinuation { reader in
            take(.read(sql, reader), mayOpen: mayOpen)
        }
    }

    /// The row that a lookup finds by this key. Throws as `query` does.
    func find(_ key: UUID, by lookup: Lookup, mayOpen: Bool) async throws -> PostgresRow? {
        try await withCheckedThrowingContinuation { reader in
            take(.lookup(KeyedRead(key: key, lookup: lookup, reader: reader)), mayOpen: mayOpen)
        }
    }

    /// Turns away what comes from now on; what waits is still answered.
    func close() {
        state.withLock { $0.standing = .finished }
        wake.signal()
    }

    private func take(_ read: Waiting, mayOpen: Bool) {
        let place = state.withLock { state in
            switch state.standing {
            case .finished: return Place.none
            case .failed(let instant) where .now < instant + Self.pauseAfterFailure: return .none
            case .open:
                state.waiting.append(read)
                return state.waiting.count == 1 ? .first : .behind
            case .closed where !mayOpen, .failed where !mayOpen: return .none
            case .closed, .failed:
                state.standing = .open
                state.waiting.append(read)
                return .opening
            }
        }
        // Whoever is woken wants the lock: so not under it.
        switch place {
        case .none: read.turnAway()
        case .behind: break
        case .first: wake.signal()
        case .opening: if !startThread({ self.work() }) { fail([]) }
        }
    }

    /// The thread: opens the connection, and answers until it is lost or nobody needs it any more.
    private func work() {
        var unanswered: [Read?] = []
        var asked = ContinuousClock.now
        do {
            let connection = try PipelineConnection(configuration)
            while let reads = next() {
                (unanswered, asked) = (reads, .now)
                try connection.answer(reads.map { ($0.key, $0.parameters) }) { number, answer in
                    unanswered[number]?.answer(answer)
                    unanswered[number] = nil
                }
            }
        } catch {
            let isOverdue = (error as? PostgresError)?.isOverdue == true
            fail(unanswered.compactMap { $0 }, with: Unanswered(silentSince: isOverdue ? asked : nil))
        }
    }

    /// Sends everybody elsewhere, and opens the next connection a little later.
    private func fail(_ unanswered: [Read], with error: Unanswered = Unanswered()) {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            if case .open = state.standing { state.standing = .failed(at: .now) }
            return state.waiting
        }
        for read in unanswered { read.answer(.failure(error)) }
        for read in waiting { read.turnAway() }
    }

    /// What goes out together; nil when there will be nothing more.
    private func next() -> [Read]? {
        guard let waiting = nextWaiting() else { return nil }
        var reads: [Read] = []
        var lookups: [ObjectIdentifier: [KeyedRead]] = [:]
        for read in waiting {
            switch read {
            case .read(let sql, let reader):
                reads.append(Read(key: sql.key, parameters: sql.parameters, answer: { reader.resume(with: $0) }))
            case .lookup(let read): lookups[ObjectIdentifier(read.lookup), default: []].append(read)
            }
        }
        return reads + lookups.values.map(Self.together)
    }

    /// One statement for all that ask the same of their keys.
    private static func together(_ reads: [KeyedRead]) -> Read {
        let lookup = reads[0].lookup
        let sql = lookup.sql(for: Array(Set(reads.map(\.key))))
        return Read(key: lookup.key, parameters: sql.parameters) { answer in
            let found = Result { try lookup.rows(try answer.get()) }
            for read in reads { read.reader.resume(with: found.map { $0[read.key] }) }
        }
    }

    private func nextWaiting() -> [Waiting]? {
        while true {
            let (reads, isFinished) = state.withLock { state in
                let reads = state.takeWaiting(atMost: Self.batch)
                if case .finished = state.standing { return (reads, true) }
                return (reads, false)
            }
            if !reads.isEmpty { return reads }
            if isFinished { return nil }
            wake.wait()
            // Under load, whoever takes requests in goes first, so that more reads go out together; it costs nothing
            // else.
            sched_yield()
        }
    }
}
