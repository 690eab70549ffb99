import Domain
import HTTPTypes
import Logging

/// What is kept of every request: a line in the log and two metrics. Neither query nor headers nor bodies are told,
/// they may hold secrets.
struct RequestRecord: Sendable {
    let method: HTTPRequest.Method
    /// The template of the route; nil where no route is.
    let template: String?
    let status: Int
    let duration: Duration

    func log(to logger: Logger, requestID: String, userID: String?, address: IPAddress?) {
        guard logger.logLevel <= .info else { return }
        var metadata: Logger.Metadata = [
            "method": .string(method.rawValue), "route": .string(template ?? "unknown"),
            "status": .string(String(status)), "request_id": .string(requestID),
            "duration_ms": .string(String(Double(nanoseconds / 1000) / 1000)),
        ]
        if let address { metadata["address"] = .string(address.description) }
        if let userID { metadata["user_id"] = .string(userID) }
        logger.info("Request answered", metadata: metadata)
    }

    var nanoseconds: Int64 {
        duration.components.seconds * 1_000_000_000 + duration.components.attoseconds / 1_000_000_000
    }
}
