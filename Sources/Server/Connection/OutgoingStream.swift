import NIOCore

/// A body that goes out in pieces, on the event loop of its connection: how the pieces are framed, and who waits for
/// what.
final class OutgoingStream {
    private(set) var isOpen = false
    private var isChunked = true
    /// The sender, while the client has no room for more.
    private var sender: CheckedContinuation<Bool, Never>?
    /// Whoever waits for the end.
    private var watcher: CheckedContinuation<Void, Never>?

    /// - Parameter mustEnd: whether it is over before it begins.
    func begin(isChunked: Bool, mustEnd: Bool) {
        self.isChunked = isChunked
        isOpen = !mustEnd
    }

    /// A piece as it is sent (RFC 9112, section 7.1).
    func framed(_ piece: [UInt8], _ allocator: ByteBufferAllocator) -> ByteBuffer {
        var buffer = allocator.buffer(capacity: piece.count + 16)
        if isChunked { buffer.writeString(String(piece.count, radix: 16) + "\r\n") }
        buffer.writeBytes(piece)
        if isChunked { buffer.writeStaticString("\r\n") }
        return buffer
    }

    /// What tells that there are no more; nil where the end of the connection does.
    func lastPiece(_ allocator: ByteBufferAllocator) -> ByteBuffer? {
        isChunked ? allocator.buffer(string: "0\r\n\r\n") : nil
    }

    /// Waits until the client has room; false when nothing more is wanted.
    func room() async -> Bool {
        guard isOpen else { return false }
        return await withCheckedContinuation { sender = $0 }
    }

    func makeRoom() {
        sender?.resume(returning: true)
        sender = nil
    }

    func untilEnded() async {
        guard isOpen else { return }
        await withCheckedContinuation { watcher = $0 }
    }

    /// Wants no more pieces.
    func end() {
        isOpen = false
        sender?.resume(returning: false)
        sender = nil
        watcher?.resume()
        watcher = nil
    }
}
