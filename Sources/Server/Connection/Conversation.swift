import HTTPTypes
import NIOCore
import NIOHTTP1

/// A connection with whom answers its requests, as a task of the listener runs it.
struct Conversation: Sendable {
    let executor: LoopExecutor
    private let channel: any Channel
    private let connection: NIOLoopBound<HTTPConnection>
    private let responder: QkronResponder
    private let isEncrypted: Bool

    /// Sets a channel up; called on its event loop.
    init(on channel: any Channel, _ terms: ConnectionTerms, _ responder: QkronResponder) throws {
        let unread = UnreadBytes()
        let connection = HTTPConnection(terms, unread: unread)
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = ConnectionTerms.headerLimit
        limits.maxHeaderListSize = ConnectionTerms.headerLimit
        limits.maxHeaderFieldCount = ConnectionTerms.fieldLimit
        let decoder = ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: limits))
        if let tls = terms.tls { try channel.pipeline.syncOperations.addHandler(tls.handler()) }
        let handlers: [any ChannelHandler] = [unread, decoder, connection]
        try channel.pipeline.syncOperations.addHandlers(handlers)
        executor = LoopExecutor(channel.eventLoop)
        self.channel = channel
        self.connection = NIOLoopBound(connection, eventLoop: channel.eventLoop)
        self.responder = responder
        isEncrypted = terms.tls != nil
    }

    /// Answers one request after the other; called with the executor as the task's own.
    func run() async {
        await withTaskCancellationHandler {
            while let request = await connection.value.next() {
                do {
                    let answer = try await responder.respond(to: request, on: channel.eventLoop)
                    guard let stream = answer.stream, request.method != .head else {
                        connection.value.write(answer, to: request)
                        continue
                    }
                    connection.value.begin(answer, to: request)
                    await pour(stream)
                    connection.value.endStream(to: request)
                } catch {
                    connection.value.refuse()
                }
            }
        } onCancel: {
            // Under TLS, the half that is read cannot be closed alone.
            if isEncrypted {
                channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
            } else {
                channel.close(mode: .input, promise: nil)
            }
        }
    }

    /// Sends the pieces of a body until there are no more, or the connection wants none.
    private func pour(_ stream: @escaping Answer.Stream) async {
        await withTaskGroup { group in
            group.addTask { await stream { piece in await connection.value.send(piece) } }
            group.addTask { await connection.value.untilStreamMustEnd() }
            await group.next()
            connection.value.stopStream()
            group.cancelAll()
        }
    }
}
