import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Keeps one connection within bounds: headers that are too large are answered 431, a method that the parser does not
/// know as a method that no route has; a body that does not end in time or goes on long after its refusal closes the
/// connection.
final class ConnectionGuard: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundOut = HTTPResponsePart

    /// Bytes of request line and headers that are read.
    static let headerLimit = 32 * 1024
    /// Bytes of a body that are read so that its sender gets the answer: hanging up at once could destroy it underway.
    static let bodyPatience = 16 * 1024 * 1024

    private let bodyTimeout: TimeAmount
    private let refusal: (_ method: String, _ target: String) -> Answer?
    private var bodySize = 0
    private var deadline: Scheduled<Void>?

    /// A guard that gives each body so much time.
    ///
    /// - Parameter refusal: the answer to a request of a method that no route has; nil where it is no method at all.
    init(bodyTimeout: TimeAmount, refusal: @escaping (_ method: String, _ target: String) -> Answer?) {
        self.bodyTimeout = bodyTimeout
        self.refusal = refusal
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let pipeline = context.pipeline.syncOperations
        do {
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandlers([HostCheck(), ConnectionWish()], position: .after(decoder))
        } catch {
            context.fireErrorCaught(error)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            bodySize = 0
        case .body(let buffer):
            bodySize += buffer.readableBytes
            guard bodySize <= Self.bodyPatience else { return context.close(promise: nil) }
            if deadline == nil { startDeadline(context) }
        case .end:
            stopDeadline()
        }
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error as? HTTPParserError {
        case .headerOverflow?:
            refuse(context, HTTPResponse(status: .requestHeaderFieldsTooLarge, headerFields: [.contentLength: "0"]), [])
        case .invalidMethod?:
            guard let answer = refusalOfMethod(context) else { return context.fireErrorCaught(error) }
            refuse(context, answer.response(isHead: false).head, answer.body)
        default:
            context.fireErrorCaught(error)
        }
    }

    private func refusalOfMethod(_ context: ChannelHandlerContext) -> Answer? {
        // It is there as long as the connection is.
        let unread = try? context.pipeline.syncOperations.handler(type: UnreadBytes.self)
        return unread?.requestLine.flatMap { refusal($0.method, $0.target) }
    }

    private func refuse(_ context: ChannelHandlerContext, _ response: HTTPResponse, _ body: [UInt8]) {
        var head = response
        head.headerFields[.connection] = "close"
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !body.isEmpty { context.write(wrapOutboundOut(.body(ByteBuffer(bytes: body))), promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        stopDeadline()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        stopDeadline()
    }

    private func startDeadline(_ context: ChannelHandlerContext) {
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: bodyTimeout) {
            channel.close(promise: nil)
        }
    }

    private func stopDeadline() {
        deadline?.cancel()
        deadline = nil
    }
}
