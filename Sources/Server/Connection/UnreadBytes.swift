import NIOCore

/// The first to see what a client sends: knows whether bytes were read that no whole request has been made of, and how
/// they begin.
final class UnreadBytes: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    /// The first bytes since the last whole request.
    private var start: ByteBuffer?

    var isEmpty: Bool { start == nil }

    /// Method and target of a request line (RFC 9112, section 3) that was read in one piece; nil where there is none.
    var requestLine: (method: String, target: String)? {
        guard
            let line = start?.readableBytesView.prefix(while: { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") })
        else { return nil }
        let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard words.count == 3, words[2].starts(with: "HTTP/1.".utf8), words[1].allSatisfy({ $0 < 0x80 }) else {
            return nil
        }
        return (String(decoding: words[0], as: UTF8.self), String(decoding: words[1], as: UTF8.self))
    }

    func forget() {
        start = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if start == nil { start = unwrapInboundIn(data) }
        context.fireChannelRead(data)
    }
}
