import NIOHTTP1

/// The header fields that qkron reads, found in one pass. Of several fields of a name the values are one list (RFC
/// 9110, section 5.3).
struct RequestFields: Sendable {
    private(set) var authorization: String?
    private(set) var apiKey: String?
    private(set) var requestID: String?
    private(set) var contentType: String?
    private(set) var webhookToken: String?
    private(set) var lastEventID: String?
    private(set) var contentLength: String?
    private(set) var expect: String?
    private(set) var origin: String?
    private(set) var forwardedFor: String?
    private(set) var forwardedProto: String?
    /// How many fields name the host.
    private(set) var hosts = 0
    /// Whether the connection ends with this request: HTTP/1.0 says it by saying nothing.
    let wantsClose: Bool

    init(_ head: HTTPRequestHead) {
        wantsClose = !head.isKeepAlive
        for (name, value) in head.headers {
            switch name.utf8.count {
            case 4 where Self.isSame(name, "host"): hosts += 1
            case 6 where Self.isSame(name, "origin"): Self.add(value, to: &origin)
            case 6 where Self.isSame(name, "expect"): Self.add(value, to: &expect)
            case 9 where Self.isSame(name, "x-api-key"): Self.add(value, to: &apiKey)
            case 12 where Self.isSame(name, "content-type"): Self.add(value, to: &contentType)
            case 12 where Self.isSame(name, "x-request-id"): Self.add(value, to: &requestID)
            case 13 where Self.isSame(name, "authorization"): Self.add(value, to: &authorization)
            case 13 where Self.isSame(name, "last-event-id"): Self.add(value, to: &lastEventID)
            case 14 where Self.isSame(name, "content-length"): Self.add(value, to: &contentLength)
            case 15 where Self.isSame(name, "x-forwarded-for"): Self.add(value, to: &forwardedFor)
            case 15 where Self.isSame(name, "x-webhook-token"): Self.add(value, to: &webhookToken)
            case 17 where Self.isSame(name, "x-forwarded-proto"): Self.add(value, to: &forwardedProto)
            default: break
            }
        }
    }

    private static func add(_ value: String, to field: inout String?) {
        field = field.map { "\($0), \(value)" } ?? value
    }

    private static func isSame(_ name: String, _ lowercased: StaticString) -> Bool {
        let wanted = UnsafeBufferPointer(start: lowercased.utf8Start, count: lowercased.utf8CodeUnitCount)
        return name.utf8.elementsEqual(wanted) { $0.asciiLowercased == $1 }
    }
}
