import NIOCore
import NIOHTTP1

/// One request, before it has an address.
struct HTTPQuestion: Sendable {
    enum Method: String {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case delete = "DELETE"
    }

    let method: Method
    /// What follows `/api/v1`; holds only what a path may.
    let path: String
    let credential: Credential
    var headers: [(name: String, value: String)] = []
    /// JSON.
    let body: [UInt8]?

    /// The request to a server at `address`, whole.
    func parts(to address: ServerAddress) -> [HTTPClientRequestPart] {
        let body = body.map { [HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: $0)))] } ?? []
        return [.head(head(to: address))] + body + [.end(nil)]
    }

    /// The head of the request to a server at `address`, on a connection of its own.
    private func head(to address: ServerAddress) -> HTTPRequestHead {
        var headers: HTTPHeaders = [
            "Host": address.authority, "Accept": "application/json", "User-Agent": "qkron", "Connection": "close",
        ]
        for header in self.headers + [credential.header].compactMap(\.self) {
            headers.add(name: header.name, value: header.value)
        }
        if body != nil { headers.add(name: "Content-Type", value: "application/json") }
        if method != .get { headers.add(name: "Content-Length", value: "\(body?.count ?? 0)") }
        return HTTPRequestHead(
            version: .http1_1, method: HTTPMethod(rawValue: method.rawValue),
            uri: "\(address.prefix)/api/v1\(path)", headers: headers)
    }
}

/// One whole answer.
struct HTTPAnswer: Sendable {
    let status: Int
    /// In lower case, without parameters; empty where none is told.
    let mediaType: String
    let body: [UInt8]

    init(status: Int, mediaType: String, body: [UInt8]) {
        self.status = status
        self.mediaType = mediaType
        self.body = body
    }

    init(_ response: NIOHTTPClientResponseFull) {
        self.init(response.head, response.body.map { Array($0.readableBytesView) } ?? [])
    }

    init(_ head: HTTPResponseHead, _ body: [UInt8]) {
        self.init(status: Int(head.status.code), mediaType: Self.mediaType(of: head), body: body)
    }

    static func mediaType(of head: HTTPResponseHead) -> String {
        let type = head.headers.first(name: "Content-Type")?.prefix { $0 != ";" && $0 != " " }
        return type?.lowercased() ?? ""
    }
}
