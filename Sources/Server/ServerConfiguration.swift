/// What the HTTP side is told at start.
package struct ServerConfiguration: Sendable {
    /// What a server is there for.
    package enum Offer: Sendable {
        /// All routes.
        case everything
        /// Only those that probes ask and Prometheus scrapes.
        case probes
    }

    /// Which routes there are; others are unknown.
    package var offer: Offer
    /// The name or address to listen on.
    package var host: String
    /// 0 takes any free port.
    package var port: Int
    /// The version that `/`, `/health` and the metrics tell.
    package var version: String
    /// Whether only superusers may read the metrics.
    package var metricsRequireAuth: Bool
    /// Seconds after which a connection is closed on which nothing happens, or a body that is still not whole.
    package var readTimeout: Int

    /// A configuration of these parts.
    package init(
        offer: Offer = .everything, host: String, port: Int, version: String, metricsRequireAuth: Bool = false,
        readTimeout: Int = 60
    ) {
        self.offer = offer
        self.host = host
        self.port = port
        self.version = version
        self.metricsRequireAuth = metricsRequireAuth
        self.readTimeout = readTimeout
    }
}
