import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

/// One request and its answer, on a connection of their own.
enum HTTPExchange {
    /// How long a connection may take to be made.
    static let connectPatience = TimeAmount.seconds(5)
    /// How long a server may say nothing.
    static let readPatience = TimeAmount.seconds(30)
    /// Bytes of an answer that are read.
    static let answerLimit = 32 * 1024 * 1024

    private typealias Wire = NIOAsyncChannel<NIOHTTPClientResponseFull, HTTPClientRequestPart>

    /// What the server at `address` answers.
    ///
    /// - Throws: `ClientError.unreachable` or `.strange`.
    static func answer(
        to question: HTTPQuestion, from address: ServerAddress, _ security: Security,
        patience: TimeAmount = readPatience
    ) async throws(ClientError) -> HTTPAnswer {
        do {
            return try await connection(to: address, security, patience).executeThenClose { answers, requests in
                var failure: any Error = ConnectionEnded()
                // A server may answer, and close, before it has heard all: its answer counts.
                do { try await requests.write(contentsOf: question.parts(to: address)) } catch { failure = error }
                for try await answer in answers { return HTTPAnswer(answer) }
                throw failure
            }
        } catch {
            throw ClientError(inTransit: error, address, patience)
        }
    }

    private static func connection(to address: ServerAddress, _ security: Security, _ patience: TimeAmount) async throws
        -> Wire
    {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(connectPatience)
            .connect(host: address.host, port: address.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandlers(security.handlers())
                    try pipeline.addHandlers([IdleStateHandler(readTimeout: patience), SilenceEnd()])
                    try pipeline.addHTTPClientHandlers()
                    try pipeline.addHandler(NIOHTTPClientResponseAggregator(maxContentLength: answerLimit))
                    return try Wire(wrappingChannelSynchronously: channel)
                }
            }
    }
}

/// Ends a connection on which the server says nothing for too long.
final class SilenceEnd: ChannelInboundHandler {
    typealias InboundIn = NIOAny

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is IdleStateHandler.IdleStateEvent else { return context.fireUserInboundEventTriggered(event) }
        context.fireErrorCaught(ServerSilent())
        context.close(promise: nil)
    }
}

/// The server said nothing for too long.
private struct ServerSilent: Error {}

/// The server closed the connection before its answer was whole.
struct ConnectionEnded: Error {}

extension ClientError {
    /// What went wrong on the way, in words.
    init(inTransit error: any Error, _ address: ServerAddress, _ patience: TimeAmount) {
        switch error {
        case let error as ClientError: self = error
        case is ServerSilent:
            self = .unreachable(address, "it said nothing for \(patience.nanoseconds / 1_000_000_000) s")
        case is ConnectionEnded, HTTPParserError.invalidEOFState:
            self = .unreachable(address, "it closed the connection without an answer")
        case is ChannelError where !Self.isConnectTimeout(error):
            self = .unreachable(address, "it closed the connection without an answer")
        case is HTTPParserError, is NIOHTTPObjectAggregatorError:
            self = .strange(address, "it does not answer as HTTP has it")
        case let error where Security.reason(of: error) != nil:
            self = .unreachable(address, Security.reason(of: error) ?? "")
        case let error as NIOConnectionError:
            self = .unreachable(address, Self.reason(of: error))
        default: self = .unreachable(address, Self.reason(of: error))
        }
    }

    private static func reason(of failure: NIOConnectionError) -> String {
        if let error = failure.connectionErrors.first?.error { return reason(of: error) }
        return "there is no host of this name"
    }

    private static func reason(of error: any Error) -> String {
        if isConnectTimeout(error) {
            return "no connection in \(HTTPExchange.connectPatience.nanoseconds / 1_000_000_000) s"
        }
        guard let error = error as? IOError else { return "\(error)" }
        return String(cString: strerror(error.errnoCode)).lowercased()
    }

    private static func isConnectTimeout(_ error: any Error) -> Bool {
        if case .connectTimeout? = error as? ChannelError { true } else { false }
    }
}
