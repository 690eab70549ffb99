import NIOCore
import Synchronization

/// The lines that requests leave in the log. Those of requests answered at about the same time are written together,
/// because a write takes longer than making its line.
package final class RequestLog: Sendable {
    /// Writes a line for each of these.
    package typealias Writing = @Sendable ([RequestRecord]) -> Void

    /// What may wait for a loop that is busy with something else.
    private static let limit = 64

    private let writing: Writing
    private let waiting = Mutex<[RequestRecord]>([])
    /// Held while lines are written, so that they stay in order, and who flushes knows them written.
    private let turn = Mutex(())

    init(_ writing: @escaping Writing) {
        self.writing = writing
    }

    /// Has a line written: once `loop` has done what else is due, or before, with those of other loops.
    func add(_ record: RequestRecord, on loop: any EventLoop) {
        let count = waiting.withLock { waiting in
            waiting.append(record)
            return waiting.count
        }
        if count == 1 { loop.execute { [self] in flush() } }
        if count >= Self.limit { flush() }
    }

    /// Writes what waits; on return all that was added before is written.
    func flush() {
        turn.withLock { _ in
            let records = waiting.withLock { waiting in
                defer { waiting = [] }
                return waiting
            }
            if !records.isEmpty { writing(records) }
        }
    }
}
