import NIOCore
import Synchronization

/// The lines that requests leave in the log. Those of requests answered at about the same time are written together,
/// because a write takes longer than making its line.
package final class RequestLog: Sendable {
    /// Writes a line for each of these.
    package typealias Writing = @Sendable ([RequestRecord]) -> Void

    private let writing: Writing
    private let waiting = Mutex<[RequestRecord]>([])

    init(_ writing: @escaping Writing) {
        self.writing = writing
    }

    /// Has a line written once `loop`, on which the request was answered, has done what else is due.
    func add(_ record: RequestRecord, on loop: any EventLoop) {
        let isFirst = waiting.withLock { waiting in
            waiting.append(record)
            return waiting.count == 1
        }
        if isFirst { loop.execute { [self] in flush() } }
    }

    /// Writes what waits.
    func flush() {
        let records = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        if !records.isEmpty { writing(records) }
    }
}
