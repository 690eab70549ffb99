import Domain
import HTTPTypes

/// What holds for every request, whatever it asks for: where it comes from, how often it may come, and what browsers
/// are told.
struct RequestPolicy: Sendable {
    private static let yearOfTLS = "max-age=31536000"

    private let proxies: TrustedProxies
    private let crossOrigin: CrossOrigin
    private let isEncrypted: Bool
    /// Whether people reach the server by TLS, however it reaches us.
    private let isPublicSecure: Bool
    private let logins: RateLimit
    private let others: RateLimit

    init(_ settings: ServerConfiguration.Exposure) {
        proxies = TrustedProxies(ranges: settings.trustedProxies)
        crossOrigin = CrossOrigin(settings.corsOrigins)
        isEncrypted = settings.tls != nil
        isPublicSecure = settings.publicURL?.hasPrefix("https://") == true
        logins = RateLimit(settings.loginRateLimit)
        others = RateLimit(settings.rateLimit)
    }

    func origin(of request: Request) -> RequestOrigin {
        let origin = proxies.origin(peer: request.peer, isEncrypted: isEncrypted, request.fields)
        return RequestOrigin(address: origin.address, isSecure: origin.isSecure || isPublicSecure)
    }

    /// Counts a request of somebody who is let in, or of nobody known.
    ///
    /// - Throws: `rateLimited`.
    func count(_ kind: RequestKind, _ principal: Principal, from origin: RequestOrigin) throws {
        switch kind {
        case .probe: break
        case .login: try logins.count(.address(origin.address?.client))
        case .other: try others.count(Self.client(principal, origin))
        }
    }

    /// Counts a request of somebody who is turned away: of no probe, whatever it asked for.
    ///
    /// - Throws: `rateLimited`.
    func countRefused(_ kind: RequestKind, from origin: RequestOrigin) throws {
        try count(kind == .login ? .login : .other, .anonymous, from: origin)
    }

    /// Adds what browsers heed.
    func complete(_ answer: inout Answer, to request: Request, from origin: RequestOrigin) {
        answer.variesByOrigin = crossOrigin.isAnywhere
        crossOrigin.allow(request.fields.origin, &answer, to: request.method)
        if origin.isSecure { answer.headers[.strictTransportSecurity] = Self.yearOfTLS }
    }

    private static func client(_ principal: Principal, _ origin: RequestOrigin) -> RateLimit.Client {
        if let account = principal.account { return .account(account.id) }
        return principal == .service ? .service : .address(origin.address?.client)
    }
}

/// What a request counts as where requests are limited.
enum RequestKind: Sendable {
    /// A question of how the server is; never limited for those who may ask it.
    case probe
    /// What costs a password hash: logins and registrations, limited for each address.
    case login
    /// Anything else, limited for each principal, or address of nobody known.
    case other
}
