import Foundation
import Synchronization

/// A fixed number of threads for work that keeps a core busy, so that it never holds up the cooperative pool.
///
/// Work is done in the order in which it came. The threads end when this object does.
final class HashingThreads: Sendable {
    /// A third of the share of the others, where all want a core.
    private static let niceness: Int32 = 5

    private let queue: WorkQueue

    /// - Parameters:
    ///   - count: how many threads, at least 1.
    ///   - waitingLimit: how many callers may wait; one more is turned away.
    init(count: Int, waitingLimit: Int) {
        precondition(count >= 1, "hashing needs a thread")
        let queue = WorkQueue(limit: waitingLimit)
        self.queue = queue
        for number in 1...count {
            let thread = Thread {
                // Hashes keep every core busy: what has to answer soon goes first. Of this thread alone; it cannot
                // fail.
                _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, Self.niceness)
                queue.work()
            }
            thread.name = "hashing-\(number)"
            thread.stackSize = 1 << 20
            thread.start()
        }
    }

    deinit {
        queue.close()
    }

    /// How many callers wait for their turn.
    var waitingCount: Int {
        queue.waitingCount
    }

    /// Does the work on one of the threads.
    ///
    /// - Throws: `PasswordError.overloaded` where too many wait already; `CancellationError` where the caller is
    ///   cancelled before its turn.
    func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async throws -> Value {
        try Task.checkCancellation()
        let ticket = queue.newTicket()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (caller: CheckedContinuation<Value, any Error>) in
                queue.add(
                    Work(
                        ticket: ticket, perform: { caller.resume(returning: work()) }, refuse: caller.resume(throwing:))
                )
                // A cancellation before the work was in the queue has not found it there.
                if Task.isCancelled { queue.cancel(ticket) }
            }
        } onCancel: {
            queue.cancel(ticket)
        }
    }
}

private struct Work: Sendable {
    let ticket: Int
    let perform: @Sendable () -> Void
    let refuse: @Sendable (any Error) -> Void
}

private final class WorkQueue: Sendable {
    private struct State {
        var waiting: [Work] = []
        var latestTicket = 0
        var isClosed = false
    }

    private let limit: Int
    private let state = Mutex(State())
    private let changes = NSCondition()

    init(limit: Int) {
        self.limit = limit
    }

    var waitingCount: Int {
        state.withLock { $0.waiting.count }
    }

    func newTicket() -> Int {
        state.withLock { state in
            state.latestTicket += 1
            return state.latestTicket
        }
    }

    func add(_ work: Work) {
        let isAccepted = state.withLock { state in
            guard state.waiting.count < limit else { return false }
            state.waiting.append(work)
            return true
        }
        guard isAccepted else { return work.refuse(PasswordError.overloaded) }
        changes.withLock { changes.signal() }
    }

    func cancel(_ ticket: Int) {
        let work = state.withLock { state in
            state.waiting.firstIndex { $0.ticket == ticket }.map { state.waiting.remove(at: $0) }
        }
        work?.refuse(CancellationError())
    }

    func close() {
        state.withLock { $0.isClosed = true }
        changes.withLock { changes.broadcast() }
    }

    /// Performs what waits until the queue is closed.
    func work() {
        while let work = next() {
            work.perform()
        }
    }

    private func next() -> Work? {
        changes.withLock {
            while true {
                let (work, isClosed) = state.withLock { state in
                    (state.waiting.isEmpty ? nil : state.waiting.removeFirst(), state.isClosed)
                }
                if work != nil || isClosed { return work }
                changes.wait()
            }
        }
    }
}
