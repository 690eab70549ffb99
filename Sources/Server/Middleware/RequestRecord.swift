import Foundation
import HTTPTypes
import Logging
import Metrics

/// What is kept of every request: a line in the log and two metrics. Neither query nor headers nor bodies are told, they
/// may hold secrets.
struct RequestRecord: Sendable {
    let method: HTTPRequest.Method
    /// The template of the route; nil where no route is.
    let template: String?
    let status: HTTPResponse.Status
    let duration: Duration

    private static let known: Set<HTTPRequest.Method> = [.get, .head, .post, .put, .patch, .delete, .options]

    func log(to logger: Logger, userID: String?) {
        var metadata: Logger.Metadata = [
            "method": "\(method.rawValue)", "route": "\(template ?? "unknown")", "status": "\(status.code)",
            "duration_ms": "\(Double(nanoseconds / 1000) / 1000)",
        ]
        if let userID { metadata["user_id"] = "\(userID)" }
        logger.info("Request answered", metadata: metadata)
    }

    func count(in factory: any MetricsFactory) {
        // What clients make up must not become labels.
        let method = Self.known.contains(method) ? method.rawValue : "other"
        let labels = [("method", method), ("route", template ?? "unknown")]
        Counter(
            label: "qkron_http_requests_total", dimensions: labels + [("status", String(status.code))],
            factory: factory
        ).increment()
        Metrics.Timer(
            label: "qkron_http_request_duration_seconds", dimensions: labels, factory: factory
        ).recordNanoseconds(nanoseconds)
    }

    private var nanoseconds: Int64 {
        duration.components.seconds * 1_000_000_000 + duration.components.attoseconds / 1_000_000_000
    }
}
