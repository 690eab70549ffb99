import Domain
import Foundation
import HTTPTypes

/// What is kept of every request: a line in the log and two metrics. Neither query nor headers nor bodies are told,
/// they may hold secrets.
package struct RequestRecord: Sendable {
    let method: HTTPRequest.Method
    /// The template of the route; nil where no route is.
    let template: String?
    let status: Int
    let duration: Duration
    /// When it was answered.
    package let time: Date
    let requestID: String
    let userID: String?
    let address: IPAddress?

    /// What stands in its line, in the order of the keys.
    package var fields: [(key: String, value: String)] {
        var fields: [(key: String, value: String)] = []
        fields.reserveCapacity(7)
        if let address { fields.append(("address", address.description)) }
        fields.append(("duration_ms", String(Double(nanoseconds / 1000) / 1000)))
        fields.append(("method", method.rawValue))
        fields.append(("request_id", requestID))
        fields.append(("route", template ?? "unknown"))
        fields.append(("status", String(status)))
        if let userID { fields.append(("user_id", userID)) }
        return fields
    }

    var nanoseconds: Int64 {
        duration.components.seconds * 1_000_000_000 + duration.components.attoseconds / 1_000_000_000
    }
}
