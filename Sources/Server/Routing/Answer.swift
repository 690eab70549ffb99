import Domain
import HTTPTypes
import Hummingbird
import NIOCore

/// What a route answers.
struct Answer: Sendable {
    var status: HTTPResponse.Status
    var mediaType: String?
    var body: [UInt8] = []
    var headers: HTTPFields = [:]

    /// JSON under the status that the route declares.
    static func json(_ value: JSONValue, status: HTTPResponse.Status, headers: HTTPFields = [:]) -> Answer {
        Answer(status: status, mediaType: "application/json", body: value.serializedBytes(), headers: headers)
    }

    /// No body at all.
    static func empty(headers: HTTPFields = [:]) -> Answer {
        Answer(status: .noContent, headers: headers)
    }

    /// The response to a request; one to `HEAD` tells the length of the body that it leaves out.
    func response(isHead: Bool) -> Response {
        var fields = headers
        fields[.contentType] = mediaType
        fields[.xContentTypeOptions] = "nosniff"
        if status != .noContent { fields[.contentLength] = String(body.count) }
        let leavesOut = isHead || body.isEmpty
        return Response(
            status: status, headers: fields,
            body: leavesOut ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }
}

extension Answer {
    init(status: HTTPResponse.Status, headers: HTTPFields) {
        self.init(status: status, mediaType: nil, body: [], headers: headers)
    }
}
