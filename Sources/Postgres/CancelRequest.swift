import CLibPQ
import Synchronization

/// Asks the server to end the statement under way, on a thread of its own: libpq waits without limit for the server
/// to take the request, and a hung server must not hold up the connection's thread.
final class CancelRequest: Sendable {
    private let done = Atomic<Bool>(false)

    /// Whether the request was delivered, so that it can no longer hit a later statement.
    var isDone: Bool { done.load(ordering: .acquiring) }

    init(to connection: OpaquePointer, waking pipe: WakePipe) {
        guard let request = PQgetCancel(connection) else {
            done.store(true, ordering: .releasing)
            return
        }
        // As a number it may cross to the thread, which is then its only user and frees it.
        let address = UInt(bitPattern: request)
        let isStarted = startThread {
            let request = OpaquePointer(bitPattern: address)
            var message: [CChar] = Array(repeating: 0, count: 256)
            PQcancel(request, &message, Int32(message.count))
            PQfreeCancel(request)
            self.done.store(true, ordering: .releasing)
            pipe.wake()
        }
        if !isStarted {
            PQfreeCancel(request)
            done.store(true, ordering: .releasing)
        }
    }
}
