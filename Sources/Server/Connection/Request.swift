import Domain
import HTTPTypes
import NIOHTTP1

/// A request as it came over a connection; its body may still be on the way.
struct Request: Sendable {
    let method: HTTPRequest.Method
    /// As it was sent: percent-encoded.
    let path: String
    /// What follows the `?`, as it was sent.
    let query: String
    let fields: RequestFields
    /// Whether the client can read a body in pieces (HTTP/1.1).
    let isChunkable: Bool
    let body: RequestBody
    /// The address at the other end of the connection: a client's, or a proxy's.
    let peer: IPAddress?

    /// Whether the client waits for a word before it sends its body, and the body is none that is refused for its size.
    var mayContinue: Bool {
        guard isChunkable, fields.expect?.lowercased() == "100-continue" else { return false }
        return fields.contentLength.flatMap(Int.init).map { $0 <= BodySource.limit } ?? true
    }

    /// The request of this head; nil where it must not be answered as HTTP.
    ///
    /// What names neither a path nor, for `OPTIONS`, the whole server (RFC 9112, section 3.2.4) asks for nothing. What
    /// names no host, or several (section 3.2), can mean one thing to a proxy and another to us. A target that is not
    /// ASCII is none (RFC 3986, section 2).
    init?(_ head: HTTPRequestHead, body: RequestBody, from peer: IPAddress?) {
        fields = RequestFields(head)
        let mayLackHost = (head.version.major, head.version.minor) < (1, 1)
        isChunkable = !mayLackHost
        guard fields.hosts == 1 || fields.hosts == 0 && mayLackHost, head.uri.utf8.allSatisfy({ $0 < 0x80 }),
            let method = HTTPRequest.Method(head.method)
        else { return nil }
        self.method = method
        (path, query) = RequestTarget.parts(of: head.uri)
        guard path.utf8.first == UInt8(ascii: "/") || path == "*" && method == .options else { return nil }
        self.body = body
        self.peer = peer
    }
}

extension HTTPRequest.Method {
    /// The method that the parser has read; made without a look at its letters where it is a usual one.
    fileprivate init?(_ method: HTTPMethod) {
        switch method {
        case .GET: self = .get
        case .HEAD: self = .head
        case .POST: self = .post
        case .PUT: self = .put
        case .PATCH: self = .patch
        case .DELETE: self = .delete
        case .OPTIONS: self = .options
        default: self.init(method.rawValue)
        }
    }
}
