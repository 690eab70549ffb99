import NIOCore
import NIOHTTP1

/// Refuses what names no host, or several (RFC 9112, section 3.2), as it refuses what is no HTTP: such a request can
/// mean one thing to a proxy and another to us. So also a target that is not ASCII (RFC 3986, section 2): compared as
/// characters, as the HTTP library does, a long one would keep a core busy.
final class HostCheck: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    private var hasRefused = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head(let head) = unwrapInboundIn(data), !Self.namesHost(head) || !Self.hasASCIITarget(head) {
            hasRefused = true
            context.fireErrorCaught(HTTPParserError.invalidHeaderToken)
        }
        // Nothing after a refusal is read as a request: the connection is about to be closed.
        if !hasRefused { context.fireChannelRead(data) }
    }

    private static func hasASCIITarget(_ head: HTTPRequestHead) -> Bool {
        head.uri.utf8.allSatisfy { $0 < 0x80 }
    }

    private static func namesHost(_ head: HTTPRequestHead) -> Bool {
        let count = head.headers["host"].count
        return count == 1 || count == 0 && (head.version.major, head.version.minor) < (1, 1)
    }
}
