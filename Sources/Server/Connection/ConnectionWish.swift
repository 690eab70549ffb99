import HTTPTypes
import NIOCore
import NIOHTTP1

/// Spells a client's wish to close the connection the one way that the HTTP library understands: HTTP/1.0 says it by
/// saying nothing, and `Close` may be written in any case.
final class ConnectionWish: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data), !head.isKeepAlive else {
            return context.fireChannelRead(data)
        }
        head.headers.replaceOrAdd(name: "connection", value: "close")
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }
}
