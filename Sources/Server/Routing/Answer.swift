import Domain
import HTTPTypes

/// What a route answers.
struct Answer: Sendable {
    typealias Status = HTTPResponse.Status
    /// Sends one piece after the other: `send` returns when the client has room for more, false when it is gone or the
    /// server stops.
    typealias Stream = @Sendable (_ send: @escaping @Sendable ([UInt8]) async -> Bool) async -> Void

    var status: Status
    var mediaType: String?
    var body: [UInt8] = []
    var headers: HTTPFields = [:]
    /// Writes the body piece by piece, in place of `body`; ends early when a piece is not taken any more.
    var stream: Stream?
    /// The id under which the request is logged.
    var requestID: String?
    /// Whether it may read otherwise for another origin: caches are told.
    var variesByOrigin = false

    /// JSON under the status that the route declares.
    static func json(_ value: some JSONWritable, status: Status, headers: HTTPFields = [:]) -> Answer {
        Answer(status: status, mediaType: "application/json", body: JSONWriter.bytes(of: value), headers: headers)
    }

    /// No content at all.
    static func empty(headers: HTTPFields = [:]) -> Answer {
        Answer(status: .noContent, headers: headers)
    }

    /// A status that says it all.
    static func bare(_ status: Status) -> Answer {
        Answer(status: status)
    }
}
