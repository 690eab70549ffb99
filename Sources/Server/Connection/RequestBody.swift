import NIOCore

/// The body of a request, piece by piece as it arrives; read once.
struct RequestBody: Sendable {
    private let incoming: NIOLoopBound<IncomingBody>

    init(_ incoming: IncomingBody, on loop: any EventLoop) {
        self.incoming = NIOLoopBound(incoming, eventLoop: loop)
    }

    /// What has arrived since it was asked last; nil at the end. Called by the task of the connection alone.
    ///
    /// Throws `HTTPParserError` where what follows is no body, and `BodyInterrupted`.
    func next() async throws -> ByteBuffer? {
        try await incoming.value.next()
    }
}

/// The client went away in the middle of its body; nobody reads the answer.
struct BodyInterrupted: Error {}

/// A body between the connection and its reader, both on the event loop of the connection.
final class IncomingBody {
    private enum Standing {
        case arriving
        case complete
        case broken(any Error)
        /// Nobody wants the rest.
        case discarded
    }

    private var standing = Standing.arriving
    private var unread: ByteBuffer?
    private var reader: CheckedContinuation<ByteBuffer?, any Error>?
    /// Called when the reader has taken what there was.
    private let onTaken: () -> Void

    init(onTaken: @escaping () -> Void) {
        self.onTaken = onTaken
    }

    /// Bytes that wait for the reader.
    var waiting: Int { unread?.readableBytes ?? 0 }

    func next() async throws -> ByteBuffer? {
        if let piece = unread {
            unread = nil
            onTaken()
            return piece
        }
        switch standing {
        case .arriving: return try await withCheckedThrowingContinuation { reader = $0 }
        case .complete, .discarded: return nil
        case .broken(let error): throw error
        }
    }

    func append(_ piece: ByteBuffer) {
        guard case .arriving = standing else { return }
        if let reader {
            self.reader = nil
            reader.resume(returning: piece)
        } else if unread == nil {
            unread = piece
        } else {
            unread?.writeImmutableBuffer(piece)
        }
    }

    func complete() {
        end(.complete)
        takeReader()?.resume(returning: nil)
    }

    func fail(_ error: any Error) {
        end(.broken(error))
        takeReader()?.resume(throwing: error)
    }

    func discard() {
        unread = nil
        end(.discarded)
    }

    private func end(_ standing: Standing) {
        if case .arriving = self.standing { self.standing = standing }
    }

    private func takeReader() -> CheckedContinuation<ByteBuffer?, any Error>? {
        defer { reader = nil }
        return reader
    }
}
