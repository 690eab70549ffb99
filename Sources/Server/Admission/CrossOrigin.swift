import Domain
import HTTPTypes

/// The web pages of other origins whose scripts may ask (CORS, as the Fetch standard has it).
struct CrossOrigin: Sendable {
    private static let fields: [HTTPField] = [
        HTTPField(name: .accessControlAllowCredentials, value: "true"),
        HTTPField(name: .accessControlExposeHeaders, value: "Allow, Retry-After, WWW-Authenticate, X-Request-ID"),
    ]
    private static let preflightFields: [HTTPField] = [
        HTTPField(
            name: .accessControlAllowHeaders,
            value: "Authorization, Content-Type, Last-Event-ID, X-API-Key, X-Request-ID, X-Webhook-Token"),
        HTTPField(name: .accessControlMaxAge, value: "600"),
    ]

    private let origins: Set<TextKey>

    /// - Parameter origins: each as a browser writes it: scheme, host, and port unless it is the usual one.
    init(_ origins: [String]) {
        self.origins = Set(origins.map { TextKey($0) })
    }

    var isAnywhere: Bool { !origins.isEmpty }

    /// Lets the origin read the answer, if it is one of ours; `OPTIONS` tells what may be asked.
    func allow(_ origin: String?, _ answer: inout Answer, to method: HTTPRequest.Method) {
        guard let origin, origins.contains(TextKey(origin)) else { return }
        answer.headers[.accessControlAllowOrigin] = origin
        for field in Self.fields { answer.headers[field.name] = field.value }
        guard method == .options, let methods = answer.headers[.allow] else { return }
        answer.headers[.accessControlAllowMethods] = methods
        for field in Self.preflightFields { answer.headers[field.name] = field.value }
    }
}
