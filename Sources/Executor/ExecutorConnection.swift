import CLinux
import Glibc
import Synchronization

/// The server's end of the socket: orders are gathered and written, reports read, by a thread of its own.
final class ExecutorConnection: Sendable {
    private let socket: Int32
    private let waker: Int32
    private let closed: Int32
    private let outgoing = Mutex(Outgoing())

    private struct Outgoing {
        var writer = FrameWriter()
        /// Whether the thread has been told that there is something to write.
        var isRung = false
        /// Whether nothing follows.
        var isFinished = false
    }

    /// Takes over the socket.
    init(socket: Int32) throws {
        self.socket = socket
        do {
            waker = try SystemCallError.check("eventfd", qkron_eventfd_create())
            closed = try SystemCallError.check("eventfd", qkron_eventfd_create())
        } catch {
            Glibc.close(socket)
            throw error
        }
    }

    deinit {
        for descriptor in [socket, waker, closed] { Glibc.close(descriptor) }
    }

    /// Starts the thread. It hands over reports in their order and ends when the other side hangs up; where there can
    /// be no thread, that is at once.
    func start(
        onReports: @escaping @Sendable ([ExecutorReport]) -> Void, onClose: @escaping @Sendable () -> Void
    ) {
        do {
            try BlockingThread.start("qkron-executor") { [self] in
                // Any failure means the same: there is nobody left to talk to.
                try? converse(onReports)
                close(telling: onClose)
            }
        } catch {
            close(telling: onClose)
        }
    }

    private func close(telling onClose: () -> Void) {
        _ = shutdown(socket, Int32(SHUT_RDWR))
        onClose()
        ring(closed)
    }

    /// Blocks until the thread has handed over the last report, or the time is over.
    func waitUntilClosed(for duration: Duration) {
        _ = awaitReadable(closed, for: duration)
    }

    /// Sends an order after those sent before; where nobody is left to hear it, it is lost.
    func send(_ order: ExecutorOrder) {
        let mustRing = outgoing.withLock { outgoing in
            defer { outgoing.isRung = true }
            order.encode(into: &outgoing.writer)
            return !outgoing.isRung
        }
        if mustRing { ring(waker) }
    }

    /// Sends an order together with the next one, and wakes nobody: there is a ping every second.
    func sendWithNext(_ order: ExecutorOrder) {
        outgoing.withLock { order.encode(into: &$0.writer) }
    }

    /// Hangs up once what was sent is written.
    func finish() {
        outgoing.withLock { $0.isFinished = true }
        ring(waker)
    }

    private func ring(_ event: Int32) {
        var one: UInt64 = 1
        _ = write(event, &one, 8)
    }

    private func converse(_ onReports: ([ExecutorReport]) -> Void) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { buffer.deallocate() }
        var frames = FrameBuffer()
        var pending: [UInt8] = []
        var sent = 0
        while true {
            let wantsToWrite = sent < pending.count || hasToWrite
            var watched = [
                pollfd(fd: socket, events: Int16(POLLIN | (wantsToWrite ? POLLOUT : 0)), revents: 0),
                pollfd(fd: waker, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&watched, 2, -1) > 0 else {
                if errno == EINTR { continue }
                throw SystemCallError(call: "poll", error: errno)
            }
            if watched[1].revents != 0 {
                var count: UInt64 = 0
                _ = read(waker, &count, 8)
            }
            if watched[0].revents & Int16(POLLIN | POLLHUP | POLLERR) != 0 {
                try onReports(receive(into: &frames, through: buffer))
            }
            if sent == pending.count {
                let (bytes, isFinished) = takeOutgoing()
                if bytes.isEmpty, isFinished { return }
                pending = bytes
                sent = 0
            }
            sent += try transmit(pending[sent...])
        }
    }

    private var hasToWrite: Bool { outgoing.withLock { $0.isRung || $0.isFinished } }

    private func takeOutgoing() -> (bytes: [UInt8], isFinished: Bool) {
        outgoing.withLock { outgoing in
            defer {
                outgoing.writer = FrameWriter()
                outgoing.isRung = false
            }
            return (outgoing.writer.bytes, outgoing.isFinished)
        }
    }

    private func receive(
        into frames: inout FrameBuffer, through buffer: UnsafeMutableRawBufferPointer
    ) throws -> [ExecutorReport] {
        let count = read(socket, buffer.baseAddress, buffer.count)
        if count < 0, errno == EAGAIN || errno == EINTR { return [] }
        guard count > 0 else { throw ExecutorError(description: "the executor is gone") }
        frames.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        var reports: [ExecutorReport] = []
        while let (kind, fields) = try frames.next() {
            reports.append(try ExecutorReport(kind: kind, fields: fields))
        }
        return reports
    }

    private func transmit(_ bytes: ArraySlice<UInt8>) throws -> Int {
        guard !bytes.isEmpty else { return 0 }
        let count = bytes.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        if count < 0, errno == EAGAIN || errno == EINTR { return 0 }
        guard count >= 0 else { throw SystemCallError(call: "send", error: errno) }
        return count
    }
}
