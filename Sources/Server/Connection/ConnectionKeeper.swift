import Glibc
import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Leaves a connection to the next server: once told to, and as soon as no request is under way on it, its socket is
/// set aside and the channel closed without the client's noticing.
final class ConnectionKeeper: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// The event that tells it to.
    struct Leave: Sendable {}

    private let keep: (Int32) -> Void
    private let unread = UnreadBytes()
    private var unanswered = 0
    private var mustLeave = false
    /// Whether the client sends requests before it has the answers: some may have been read already, whole or in part.
    private var hasPipelined = false
    private var closesAfterAnswer = false

    /// A keeper that hands sockets to `keep`.
    init(keep: @escaping (Int32) -> Void) {
        self.keep = keep
    }

    func handlerAdded(context: ChannelHandlerContext) {
        do {
            try context.pipeline.syncOperations.addHandler(unread, position: .first)
        } catch {
            context.fireErrorCaught(error)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            unanswered += 1
            hasPipelined = hasPipelined || unanswered > 1
            closesAfterAnswer = head.headerFields[.connection] == "close"
        case .body: break
        case .end: unread.forget()
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .end = unwrapOutboundIn(data) else { return context.write(data, promise: promise) }
        let written = promise ?? context.eventLoop.makePromise()
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        written.futureResult.whenComplete { _ in
            let (keeper, context) = bound.value
            keeper.unanswered -= 1
            keeper.leaveIfIdle(context)
        }
        context.write(data, promise: written)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is Leave else { return context.fireUserInboundEventTriggered(event) }
        mustLeave = true
        leaveIfIdle(context)
    }

    private func leaveIfIdle(_ context: ChannelHandlerContext) {
        guard mustLeave, unanswered == 0, unread.isEmpty, !closesAfterAnswer, context.channel.isActive else { return }
        mustLeave = false
        if !hasPipelined {
            // A copy that outlives the channel; what the client sends meanwhile waits in the kernel.
            let copy = try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable(
                of: NIOBSDSocket.Handle.self
            ) { fcntl($0, F_DUPFD_CLOEXEC, 3) }
            // No copy: the connection is closed, as at any stop.
            if let copy, copy >= 0 { keep(copy) }
        }
        context.close(promise: nil)
    }
}
