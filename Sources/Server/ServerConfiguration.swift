import Domain

/// What the HTTP side is told at start.
package struct ServerConfiguration: Sendable {
    /// To whom the server shows itself, how, and how much they may ask.
    package struct Exposure: Sendable {
        /// How the server proves who it is; nil is plain HTTP.
        package var tls: TLSIdentity?
        /// The proxies whose `X-Forwarded-For` and `-Proto` are believed.
        package var trustedProxies: [IPRange] = []
        /// Where people reach the server, without a slash at the end; nil where nobody said.
        package var publicURL: String?
        /// The origins whose scripts may read answers, as browsers write them.
        package var corsOrigins: [String] = []
        /// Logins and registrations a minute and address; 0 is no limit.
        package var loginRateLimit = 0
        /// Other requests a minute and principal, or address of nobody known; 0 is no limit.
        package var rateLimit = 0
        /// Connections open at once; from one address at most half of them.
        package var connectionLimit = 10_000

        /// Plain HTTP without limits of rate, for this machine's own scripts.
        package init() {}
    }

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
    /// Whether only superusers, the service key and keys of the scope `metrics` may read the metrics; else anybody may.
    package var metricsRequireAuth: Bool
    /// The directories in which the files of the pages of the API description are looked for.
    package var documentationAssets: [String]
    /// Seconds after which a connection is closed on which nothing happens, or a body that is still not whole.
    package var readTimeout: Int
    /// Seconds after which a connection is closed on which a request line and header are still not whole.
    package var headerTimeout: Int
    package var exposure: Exposure

    /// A configuration of these parts.
    package init(
        offer: Offer = .everything, host: String, port: Int, version: String, metricsRequireAuth: Bool = false,
        documentationAssets: [String] = [], readTimeout: Int = 60, headerTimeout: Int = 30,
        exposure: Exposure = Exposure()
    ) {
        self.offer = offer
        self.host = host
        self.port = port
        self.version = version
        self.metricsRequireAuth = metricsRequireAuth
        self.documentationAssets = documentationAssets
        self.readTimeout = readTimeout
        self.headerTimeout = headerTimeout
        self.exposure = exposure
    }
}
