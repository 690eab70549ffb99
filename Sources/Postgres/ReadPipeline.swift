import Foundation
import Synchronization

/// Single reads of many callers over one connection: what waits together goes out together, in libpq's pipeline mode,
/// each read its own transaction.
///
/// It is for reads that are quick, since one waits for those before it. A read that this connection could not answer is
/// for the caller to ask elsewhere; it is never answered twice.
final class ReadPipeline: Sendable {
    /// A read was not answered here, for no fault of its own: it may be asked elsewhere.
    struct Unanswered: Error {}

    private struct Read {
        let key: PreparedStatements.Key
        let parameters: [PostgresValue]
        let reader: CheckedContinuation<[PostgresRow], any Error>
    }

    private struct State {
        var waiting: [Read] = []
        var standing = Standing.closed
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

    /// Runs one read-only statement and returns its rows.
    ///
    /// Throws `Unanswered` where the read may be asked elsewhere, and `PostgresError` where the statement is at fault.
    func query(_ sql: SQL) async throws -> [PostgresRow] {
        try sql.check()
        return try await withCheckedThrowingContinuation { reader in
            let read = Read(key: sql.key, parameters: sql.parameters, reader: reader)
            if !take(read) { reader.resume(throwing: Unanswered()) }
        }
    }

    /// Turns away what comes from now on; what waits is still answered.
    func close() {
        state.withLock { $0.standing = .finished }
        wake.signal()
    }

    private func take(_ read: Read) -> Bool {
        let (isTaken, mustStart) = state.withLock { state in
            switch state.standing {
            case .finished: return (false, false)
            case .failed(let instant) where .now < instant + Self.pauseAfterFailure: return (false, false)
            case .open:
                state.waiting.append(read)
                if state.waiting.count == 1 { wake.signal() }
                return (true, false)
            case .closed, .failed:
                state.standing = .open
                state.waiting.append(read)
                wake.signal()
                return (true, true)
            }
        }
        if mustStart, !startThread({ self.work() }) { fail([]) }
        return isTaken
    }

    /// The thread: opens the connection, and answers until it is lost or nobody needs it any more.
    private func work() {
        var unanswered: [Read?] = []
        do {
            let connection = try PipelineConnection(configuration)
            while let reads = next() {
                unanswered = reads
                try connection.answer(reads.map { ($0.key, $0.parameters) }) { number, answer in
                    unanswered[number]?.reader.resume(with: answer)
                    unanswered[number] = nil
                }
            }
        } catch {
            fail(unanswered.compactMap { $0 })
        }
    }

    /// Sends everybody elsewhere, and opens the next connection a little later.
    private func fail(_ unanswered: [Read]) {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            if case .open = state.standing { state.standing = .failed(at: .now) }
            return state.waiting
        }
        for read in unanswered + waiting { read.reader.resume(throwing: Unanswered()) }
    }

    private func next() -> [Read]? {
        while true {
            let (reads, isFinished) = state.withLock { state in
                let reads = Array(state.waiting.prefix(Self.batch))
                state.waiting.removeFirst(reads.count)
                if case .finished = state.standing { return (reads, true) }
                return (reads, false)
            }
            if !reads.isEmpty { return reads }
            if isFinished { return nil }
            wake.wait()
        }
    }
}
