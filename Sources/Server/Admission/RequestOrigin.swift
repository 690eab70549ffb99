import Domain

/// Where a request comes from, as far as the proxies before us are believed.
struct RequestOrigin: Sendable, Equatable {
    let address: IPAddress?
    /// Whether the client speaks TLS.
    let isSecure: Bool
}
