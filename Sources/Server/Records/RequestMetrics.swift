import HTTPTypes
import Metrics
import Synchronization

/// The metrics of requests. What counts a kind of request is looked up once and kept.
final class RequestMetrics: Sendable {
    private struct Kind: Hashable {
        let method: String
        let template: String?
        let status: Int
    }

    private struct Handles {
        let requests: Counter
        let duration: Metrics.Timer
    }

    private static let known: Set<HTTPRequest.Method> = [.get, .head, .post, .put, .patch, .delete, .options]

    private let factory: any MetricsFactory
    /// Of a bounded number of kinds: what clients make up is none.
    private let handles = Mutex<[Kind: Handles]>([:])

    init(_ factory: any MetricsFactory) {
        self.factory = factory
    }

    func count(_ record: RequestRecord) {
        let method = Self.known.contains(record.method) ? record.method.rawValue : "other"
        let kind = Kind(method: method, template: record.template, status: record.status)
        let handles = handles.withLock { known in
            if let handles = known[kind] { return handles }
            let handles = make(kind)
            known[kind] = handles
            return handles
        }
        handles.requests.increment()
        handles.duration.recordNanoseconds(record.nanoseconds)
    }

    private func make(_ kind: Kind) -> Handles {
        let labels = [("method", kind.method), ("route", kind.template ?? "unknown")]
        return Handles(
            requests: Counter(
                label: "qkron_http_requests_total", dimensions: labels + [("status", String(kind.status))],
                factory: factory),
            duration: Metrics.Timer(
                label: "qkron_http_request_duration_seconds", dimensions: labels, factory: factory))
    }
}
