import Domain
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// One request, before it has an address.
struct PostRequest: Sendable {
    let target: String
    let headers: [(String, String)]
    let body: [UInt8]
}

/// How the receiver has taken it.
struct PostAnswer: Sendable {
    let status: Int
    let location: String?
}

/// What a safe connection needs.
struct PostSecurity: Sendable {
    let context: NIOSSLContext
    /// The name that the certificate must be for; nil where it must be for the address.
    let name: String?
}

/// One request on a connection of its own, closed when the answer is known.
struct PostExchange: Sendable {
    let request: PostRequest
    let security: PostSecurity?
    let deadline: NIODeadline
    let tooSlow: PostFailure

    /// What is answered at an address; nil where nobody takes a connection in that time.
    ///
    /// - Throws: `PostFailure`, or `CancellationError`.
    func answer(at address: SocketAddress, within patience: TimeAmount) async throws -> PostAnswer? {
        let pending = Pending<PostAnswer?>()
        let connection = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(max(patience, .milliseconds(1)))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let security {
                        try pipeline.addHandler(
                            NIOSSLClientHandler(context: security.context, serverHostname: security.name))
                    }
                    try pipeline.addHTTPClientHandlers()
                    try pipeline.addHandler(AnswerReader(self, pending))
                }
            }
            .connect(to: address)
        connection.whenFailure { _ in pending.settle(.success(nil)) }
        defer { connection.whenSuccess { $0.close(mode: .all, promise: nil) } }
        return try await pending.value()
    }
}

/// Sends the request and reads what is answered, up to a limit and a deadline.
private final class AnswerReader: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    /// Bytes of an answer that are read, and how long they may take once it has begun; nobody looks at them, but a
    /// receiver may not like to be cut off.
    private static let limit = 64 * 1024
    private static let politeness = TimeAmount.seconds(1)

    private let exchange: PostExchange
    private let pending: Pending<PostAnswer?>
    private var answer: PostAnswer?
    private var count = 0
    private var alarm: Scheduled<Void>?

    init(_ exchange: PostExchange, _ pending: Pending<PostAnswer?>) {
        self.exchange = exchange
        self.pending = pending
    }

    func channelActive(context: ChannelHandlerContext) {
        giveUp(at: exchange.deadline, context)
        let request = exchange.request
        let head = HTTPRequestHead(
            version: .http1_1, method: .POST, uri: request.target, headers: HTTPHeaders(request.headers))
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: request.body)))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            answer = PostAnswer(status: Int(head.status.code), location: head.headers.first(name: "Location"))
            giveUp(at: min(exchange.deadline, .now() + Self.politeness), context)
        case .body(let bytes):
            count += bytes.readableBytes
            if count > Self.limit { finish() }
        case .end: finish()
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        alarm?.cancel()
        finish(or: PostFailure("The receiver closed the connection without an answer."))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        finish(or: Self.failure(of: error))
        context.close(promise: nil)
    }

    private func giveUp(at instant: NIODeadline, _ context: ChannelHandlerContext) {
        alarm?.cancel()
        alarm = context.eventLoop.assumeIsolated().scheduleTask(deadline: instant) { [self] in
            finish(or: exchange.tooSlow)
            context.close(promise: nil)
        }
    }

    /// The head of an answer says it all.
    private func finish(or failure: PostFailure? = nil) {
        if let answer { return pending.settle(.success(answer)) }
        if let failure { pending.settle(.failure(failure)) }
    }

    private static func failure(of error: any Error) -> PostFailure {
        switch error {
        case NIOSSLError.handshakeFailed(let cause) where "\(cause)".contains("CERTIFICATE_VERIFY_FAILED"):
            PostFailure("The receiver's certificate is not trusted here.")
        case NIOSSLError.unableToValidateCertificate, is NIOSSLExtraError:
            PostFailure("The receiver's certificate is that of another host.")
        case is NIOSSLError: PostFailure("There was no safe connection to the receiver.")
        case is HTTPParserError: PostFailure("The receiver does not answer as HTTP has it.")
        default: PostFailure("The connection to the receiver broke off.")
        }
    }
}
