import Domain
import Foundation
import HTTPTypes
import Scheduling

/// An error as it is answered (RFC 9457).
struct Problem: Error, Sendable {
    let code: ErrorCode
    /// One sentence about this occurrence; it holds no secret.
    let detail: String
    var faults: [InputFault] = []
    var headers: HTTPFields = [:]
    /// Members beside the usual ones.
    var extensions: [TextKey: JSONValue] = [:]

    /// A problem of this kind.
    init(_ code: ErrorCode, _ detail: String) {
        self.code = code
        self.detail = detail
        switch code.status {
        case .unauthorized: headers[.wwwAuthenticate] = "Bearer"
        case .serviceUnavailable, .tooManyRequests: headers[.retryAfter] = "2"
        default: break
        }
    }

    /// A request whose values cannot be used, for these reasons; the first `InputFault.limit` of them are told.
    init(invalid faults: [InputFault]) {
        self.init(.validationFailed, Self.sentence(about: faults))
        self.faults = Array(faults.prefix(InputFault.limit))
    }

    /// The answer to the request of this path and id.
    func answer(path: String, requestID: String, at now: Date) -> Answer {
        var members = extensions
        members["type"] = .string("urn:qkron:error:\(code.rawValue)")
        members["title"] = .string(code.title)
        members["status"] = .integer(code.status.code)
        members["detail"] = .string(detail)
        members["instance"] = .string(path)
        members["error_code"] = .string(code.rawValue)
        members["timestamp"] = .string(ISO8601.format(now))
        members["request_id"] = .string(requestID)
        if code == .validationFailed { members["errors"] = .array(faults.map(\.json)) }
        return Answer(
            status: code.status, mediaType: "application/problem+json",
            body: JSONValue.object(members).serializedBytes(),
            headers: headers)
    }

    private static func sentence(about faults: [InputFault]) -> String {
        guard let first = faults.first else { return "The request holds a value that cannot be used." }
        let rest = faults.count - 1
        let more = rest == 0 ? "" : " (and \(rest) more)"
        return "\(first.location.joined(separator: ".")): \(first.message)\(more)"
    }
}

extension InputFault {
    /// Characters of a key that are told: a key can be as long as a body, and stand in every fault.
    private static let keyLength = 255

    /// The way to the place, from the part of the request on.
    fileprivate var location: [String] {
        [origin.rawValue]
            + place.map { step in
                switch step {
                case .key(let key): key.shortened(to: Self.keyLength)
                case .index(let index): String(index)
                }
            }
    }

    fileprivate var json: JSONValue {
        let steps = place.map { step -> JSONValue in
            switch step {
            case .key(let key): .string(key.shortened(to: Self.keyLength))
            case .index(let index): .integer(index)
            }
        }
        return [
            "loc": .array([.string(origin.rawValue)] + steps), "msg": .string(message), "type": .string(type),
        ]
    }
}
