import NIOCore
import NIOHTTP1
import NIOPosix

/// One request whose answer comes bit by bit, as server-sent events.
enum HTTPStream {
    /// How long a stream may say nothing; the server sends a comment every 15 s.
    static let patience = TimeAmount.seconds(60)

    private typealias Wire = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

    /// Has `body` hear each event, until the server closes.
    ///
    /// - Returns: nil after a stream; another answer whole.
    /// - Throws: `ClientError.unreachable` or `.strange`.
    static func follow(
        _ question: HTTPQuestion, from address: ServerAddress, _ security: Security, _ body: (ServerEvent) async -> Void
    ) async throws(ClientError) -> HTTPAnswer? {
        do {
            return try await connection(to: address, security).executeThenClose { parts, requests in
                try await requests.write(contentsOf: question.parts(to: address))
                var head: HTTPResponseHead?
                var events = ServerEventReader()
                var whole: [UInt8] = []
                for try await part in parts {
                    switch part {
                    case .head(let answer): head = answer
                    case .body(let bytes) where isStream(head):
                        for event in events.read(bytes.readableBytesView) { await body(event) }
                    case .body(let bytes) where whole.count + bytes.readableBytes <= HTTPExchange.answerLimit:
                        whole += bytes.readableBytesView
                    case .body: break
                    case .end: return isStream(head) ? nil : head.map { HTTPAnswer($0, whole) }
                    }
                }
                throw ConnectionEnded()
            }
        } catch {
            throw ClientError(inTransit: error, address, patience)
        }
    }

    private static func isStream(_ head: HTTPResponseHead?) -> Bool {
        guard let head else { return false }
        return head.status == .ok && HTTPAnswer.mediaType(of: head) == "text/event-stream"
    }

    private static func connection(to address: ServerAddress, _ security: Security) async throws -> Wire {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(HTTPExchange.connectPatience)
            .connect(host: address.host, port: address.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandlers(security.handlers())
                    try pipeline.addHandlers([IdleStateHandler(readTimeout: patience), SilenceEnd()])
                    try pipeline.addHTTPClientHandlers()
                    return try Wire(wrappingChannelSynchronously: channel)
                }
            }
    }
}
