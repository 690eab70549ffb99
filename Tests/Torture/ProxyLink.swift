import Glibc

/// One connection through a proxy. Lives on the proxy's thread.
final class ProxyLink {
    /// What is on its way from one side to the other.
    private struct Flow {
        let source: Int32
        let sink: Int32
        var chunks: [(due: UInt64, bytes: ArraySlice<UInt8>)] = []
        var held = 0
        var hasEnded = false

        /// A sender is not read beyond this.
        static let mostHeld = 1 << 20

        var canRead: Bool { !hasEnded && held < Self.mostHeld }

        mutating func read(delay: UInt64) {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while canRead {
                let count = recv(source, &buffer, buffer.count, 0)
                if count > 0 {
                    // Bytes never overtake each other, also when the delay shrinks.
                    let due = max(Moment.now + delay, chunks.last?.due ?? 0)
                    chunks.append((due, buffer[..<count]))
                    held += count
                } else {
                    if count == 0 || (errno != EAGAIN && errno != EINTR) { hasEnded = true }
                    return
                }
            }
        }

        mutating func write() {
            let now = Moment.now
            while let first = chunks.first, first.due <= now {
                let count = first.bytes.withUnsafeBytes {
                    send(sink, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else {
                    if errno != EAGAIN, errno != EINTR, errno != ENOTCONN { (hasEnded, chunks, held) = (true, [], 0) }
                    return
                }
                held -= count
                if count == first.bytes.count {
                    chunks.removeFirst()
                } else {
                    chunks[0].bytes = first.bytes.dropFirst(count)
                }
            }
        }
    }

    private let client: Int32
    private let upstream: Int32
    private var flows: [Flow]

    init(client: Int32, upstream: Int32) {
        (self.client, self.upstream) = (client, upstream)
        flows = [Flow(source: client, sink: upstream), Flow(source: upstream, sink: client)]
    }

    var interests: [pollfd] {
        flows.filter(\.canRead).map { pollfd(fd: $0.source, events: Int16(POLLIN), revents: 0) }
    }

    var holdsBytes: Bool { flows.contains { !$0.chunks.isEmpty } }

    /// Whether one side has ended and all it said has been passed on.
    var isDone: Bool { flows.contains { $0.hasEnded && $0.chunks.isEmpty } }

    func move(delay: UInt64) {
        for index in flows.indices {
            flows[index].read(delay: delay)
            flows[index].write()
        }
    }

    func close() {
        Glibc.close(client)
        Glibc.close(upstream)
    }

    func reset() {
        LoopbackSocket.reset(client)
        LoopbackSocket.reset(upstream)
    }
}
