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
        let words = words
        guard words.count == 3, words[2].starts(with: "HTTP/1.".utf8), words[1].allSatisfy({ $0 < 0x80 }) else {
            return nil
        }
        return (String(decoding: words[0], as: UTF8.self), String(decoding: words[1], as: UTF8.self))
    }

    /// The target of a request line that need not have been read to its end, without its query; nil unless the path
    /// has come as a whole.
    var path: String? {
        let words = words
        guard words.count > 1, words[1].allSatisfy({ $0 < 0x80 }) else { return nil }
        let path = words[1].prefix { $0 != UInt8(ascii: "?") }
        guard words.count > 2 || path.count < words[1].count else { return nil }
        return RequestTarget.parts(of: String(decoding: path, as: UTF8.self)).path
    }

    /// The words of the first line, as far as it was read in one piece.
    private var words: [ByteBufferView.SubSequence] {
        start?.readableBytesView.prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }
            .split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false) ?? []
    }

    func forget() {
        start = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if start == nil { start = unwrapInboundIn(data) }
        context.fireChannelRead(data)
    }
}
