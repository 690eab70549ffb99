import Domain
import HTTPTypes
import NIOCore
import NIOHTTP1

/// One connection, between its socket and the task that answers its requests, one after the other.
///
/// It lives on its event loop, and so does the task: what arrives is handed over without a lock or another thread. It
/// keeps the client within bounds (of size, of time, of what may wait unread), and knows when the connection may end or
/// be left to the next server.
final class HTTPConnection: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The event that has the connection left to the next server, as soon as no request is under way on it.
    struct Leave: Sendable {}

    /// What follows the requests that were read so far.
    private enum Sequel {
        case more
        /// Nothing that will be answered.
        case end
        /// No HTTP: this is written after the last answer.
        case refusal(ByteBuffer)
    }

    /// What a client waits for that asks first whether its body is wanted (RFC 9110, section 10.1.1).
    private static let goOn = ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")

    private let terms: ConnectionTerms
    private let unread: UnreadBytes
    private var context: ChannelHandlerContext?
    /// The task, while it waits for a request.
    private var taker: CheckedContinuation<Request?, Never>?
    private var queue: CircularBuffer<(request: Request, body: IncomingBody)> = []
    private var isAnswering = false
    /// The body of the request that is being answered.
    private var answering: IncomingBody?
    /// The body that is not whole yet, of the request that was read last.
    private var receiving: IncomingBody?
    private var bodySize = 0
    private var sequel = Sequel.more
    /// Whether nothing more is written: what still comes is thrown away.
    private var hasEnded = false
    /// Whether the connection closes with the last answer: the client sends no more, or the server stops.
    private var closesAtEnd = false
    /// Whether the server stops.
    private var isStopping = false
    private var mustLeave = false
    /// Whether the client sends requests before it has the answers: some may have been read already, whole or in part.
    private var hasPipelined = false
    private var isReadDue = false
    private var hasRead = false
    private var patience: ClientPatience
    private var timer: Scheduled<Void>?
    private var wakesAt = NIODeadline.distantFuture
    private var peer: IPAddress?
    private let stream = OutgoingStream()

    /// A connection under these terms; `unread` stands before it in the pipeline, and before the parser.
    init(_ terms: ConnectionTerms, unread: UnreadBytes) {
        self.terms = terms
        self.unread = unread
        patience = ClientPatience(limit: terms.timeout, headerLimit: terms.headerTimeout)
    }

    // MARK: - What the task asks for

    /// The next request; nil when there will be none.
    func next() async -> Request? {
        await withCheckedContinuation { taker in
            self.taker = taker
            handOver()
        }
    }

    /// Answers the request that was taken last.
    func write(_ answer: Answer, to request: Request) {
        writeHead(of: answer, to: request)
        finish(request)
    }

    /// Begins to answer the request that was taken last, with a body that comes in pieces.
    func begin(_ answer: Answer, to request: Request) {
        stream.begin(isChunked: request.isChunkable, mustEnd: context == nil || isStopping || mustLeave)
        writeHead(of: answer, to: request)
    }

    /// Sends a piece of the body; returns when there is room for the next, false when none is wanted any more.
    func send(_ piece: [UInt8]) async -> Bool {
        guard let context, stream.isOpen else { return false }
        context.writeAndFlush(wrapOutboundOut(stream.framed(piece, context.channel.allocator)), promise: nil)
        guard !context.channel.isWritable else { return true }
        let timer = hangUpLater(context)
        defer { timer.cancel() }
        return await stream.room()
    }

    /// Who takes nothing for so long takes nothing any more.
    private func hangUpLater(_ context: ChannelHandlerContext) -> Scheduled<Void> {
        context.eventLoop.assumeIsolated().scheduleTask(in: terms.timeout) { [weak self] in
            self?.context?.close(promise: nil)
        }
    }

    /// Returns when the client is gone, or the server stops.
    func untilStreamMustEnd() async { await stream.untilEnded() }

    func stopStream() { stream.end() }

    /// Ends the body that came in pieces.
    func endStream(to request: Request) {
        if let context, let last = stream.lastPiece(context.channel.allocator) {
            context.writeAndFlush(wrapOutboundOut(last), promise: nil)
        } else {
            queue.removeAll()
            sequel = .end
        }
        finish(request)
    }

    private func writeHead(of answer: Answer, to request: Request) {
        guard let context else { return }
        let bytes = answer.bytes(
            isHead: request.method == .head, isLast: answer.stream != nil && !request.isChunkable,
            allocator: context.channel.allocator)
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    private func finish(_ request: Request) {
        stopAnswering()
        guard let context else { return }
        patience.renew()
        if request.fields.wantsClose {
            queue.removeAll()
            sequel = .end
        }
        guard !endIfAnswered(context) else { return }
        watch(context)
        readOn(context)
        leaveIfIdle(context)
    }

    /// Tells that the request that was taken last is no HTTP after all.
    func refuse() {
        stopAnswering()
        guard let context else { return }
        queue.removeAll()
        sequel = .refusal(refusal(.bare(.badRequest), context))
        endIfAnswered(context)
    }

    private func handOver() {
        guard let taker else { return }
        guard let context, !hasEnded else {
            self.taker = nil
            return taker.resume(returning: nil)
        }
        // Who does not read the answers gets no more of them.
        guard !queue.isEmpty, context.channel.isWritable else { return }
        self.taker = nil
        let (request, body) = queue.removeFirst()
        isAnswering = true
        answering = body
        taker.resume(returning: request)
    }

    private func stopAnswering() {
        isAnswering = false
        // Whatever the answer is, the rest of its body is not wanted any more.
        answering?.discard()
        answering = nil
    }

    // MARK: - What the client sends

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        hasRead = true
        switch unwrapInboundIn(data) {
        case .head(let head):
            begin(head, context)
        case .body(let bytes):
            patience.bodyBegins()
            countBody(bytes.readableBytes, context)
            receiving?.append(bytes)
        case .end:
            unread.forget()
            patience.bodyEnds()
            receiving?.complete()
            receiving = nil
            leaveIfIdle(context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if hasRead {
            patience.renew()
        } else if !unread.isEmpty, receiving == nil, !isAnswering, queue.isEmpty {
            patience.headerBegins()
            watch(context)
        }
        hasRead = false
    }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        bodySize = 0
        patience.headerEnds()
        guard case .more = sequel else { return }
        let body = IncomingBody { [weak self] in self?.readOn() }
        guard let request = Request(head, body: RequestBody(body, on: context.eventLoop), from: peer) else {
            sequel = .refusal(refusal(.bare(.badRequest), context))
            endIfAnswered(context)
            return
        }
        let isAlone = !isAnswering && queue.isEmpty
        hasPipelined = hasPipelined || !isAlone
        // Of several requests this answer could not be told apart; their clients send the body after a while.
        if isAlone, request.mayContinue { context.writeAndFlush(wrapOutboundOut(Self.goOn), promise: nil) }
        receiving = body
        queue.append((request, body))
        handOver()
    }

    private func countBody(_ bytes: Int, _ context: ChannelHandlerContext) {
        bodySize += bytes
        if bodySize > ConnectionTerms.bodyPatience { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case let error as HTTPParserError:
            if let receiving {
                self.receiving = nil
                sequel = .end
                receiving.fail(error)
                endIfAnswered(context)
            } else if case .more = sequel {
                sequel = .refusal(refusal(terms.answer(to: error, unread), context))
                endIfAnswered(context)
            }
        case ByteToMessageDecoderError.dataReceivedInErrorState(_, let bytes):
            countBody(bytes.readableBytes, context)
        default:
            context.close(promise: nil)
        }
    }

    private func refusal(_ answer: Answer, _ context: ChannelHandlerContext) -> ByteBuffer {
        answer.bytes(isLast: true, allocator: context.channel.allocator)
    }

    // MARK: - How much is read

    func read(context: ChannelHandlerContext) {
        isReadDue = true
        readOn(context)
    }

    private func readOn() {
        if let context { readOn(context) }
    }

    private func readOn(_ context: ChannelHandlerContext) {
        let waiting = receiving?.waiting ?? 0
        guard isReadDue, queue.count < ConnectionTerms.waitingRequests, waiting < ConnectionTerms.waitingBytes else {
            return
        }
        isReadDue = false
        context.read()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { stream.makeRoom() }
        handOver()
        context.fireChannelWritabilityChanged()
    }

    // MARK: - How long is waited

    private func watch(_ context: ChannelHandlerContext) {
        let deadline = deadline ?? .now() + terms.timeout
        guard timer == nil || deadline < wakesAt else { return }
        timer?.cancel()
        wakesAt = deadline
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
            guard let self, let context = self.context else { return }
            timer = nil
            if let deadline = self.deadline, deadline <= .now() { return context.close(promise: nil) }
            watch(context)
        }
    }

    /// When the client has had its time; nil while it waits for an answer.
    private var deadline: NIODeadline? {
        isAnswering && receiving == nil ? nil : patience.deadline
    }

    // MARK: - The end

    /// Ends the connection if all is answered that ever will be.
    @discardableResult
    private func endIfAnswered(_ context: ChannelHandlerContext) -> Bool {
        guard !isAnswering, queue.isEmpty, !hasEnded else { return hasEnded }
        var last = ByteBuffer()
        switch sequel {
        case .more: return false
        case .end: break
        case .refusal(let bytes): last = bytes
        }
        hasEnded = true
        receiving?.discard()
        if closesAtEnd {
            context.writeAndFlush(wrapOutboundOut(last)).assumeIsolated().whenComplete { _ in
                context.close(promise: nil)
            }
        } else {
            context.writeAndFlush(wrapOutboundOut(last), promise: nil)
            // Hanging up at once could destroy the answer underway; the client closes now, or time does.
            context.close(mode: .output, promise: nil)
        }
        watch(context)
        readOn(context)
        handOver()
        return true
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is Leave:
            mustLeave = true
            stream.end()
            leaveIfIdle(context)
        case is ChannelShouldQuiesceEvent:
            isStopping = true
            stream.end()
            close(atEndOf: context)
        case ChannelEvent.inputClosed:
            if !hasEnded { close(atEndOf: context) }
            closesAtEnd = true
        case ChannelEvent.outputClosed:
            if closesAtEnd { context.close(promise: nil) }
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    private func close(atEndOf context: ChannelHandlerContext) {
        guard !hasEnded else { return context.close(promise: nil) }
        closesAtEnd = true
        if case .more = sequel { sequel = .end }
        endIfAnswered(context)
    }

    private func leaveIfIdle(_ context: ChannelHandlerContext) {
        guard mustLeave, isIdle else { return }
        // Once what was written before is with the kernel.
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenSuccess { [self] in
            guard mustLeave, isIdle else { return }
            mustLeave = false
            // What TLS knows of the connection cannot be left to anybody.
            if !hasPipelined, terms.tls == nil { terms.keepSocket(of: context) }
            context.close(promise: nil)
        }
    }

    /// Whether the client may be anywhere but within a request.
    private var isIdle: Bool {
        guard case .more = sequel else { return false }
        return !isAnswering && queue.isEmpty && receiving == nil && unread.isEmpty && context != nil
    }

    // MARK: - Its place in the pipeline

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        peer = context.channel.remoteAddress?.ipAddress.flatMap(IPAddress.init)
        watch(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        letGo()
    }

    func channelInactive(context: ChannelHandlerContext) {
        letGo()
        context.fireChannelInactive()
    }

    private func letGo() {
        context = nil
        stream.end()
        timer?.cancel()
        timer = nil
        receiving?.fail(BodyInterrupted())
        receiving = nil
        handOver()
    }
}
