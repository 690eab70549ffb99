import Domain
import Foundation
import NIOCore
import NIOSSL
import Synchronization

/// Posts JSON to where strangers want it, past the egress guard: to the addresses that were checked, on connections of
/// their own, without any proxy.
package final class Messenger: Sendable {
    /// The most redirects that are followed.
    private static let redirectLimit = 5

    private let egress: EgressGuard
    private let version: String
    private let patience: Duration
    private let authorities: [NIOSSLCertificate]
    private let tls = Mutex<NIOSSLContext?>(nil)

    /// A messenger of a server of this version.
    ///
    /// - Parameter patience: how long a post may take in all: name, connection, TLS, request and answer.
    package convenience init(egress: EgressGuard, version: String, patience: Duration = .seconds(10)) {
        self.init(egress: egress, version: version, patience: patience, trusting: [])
    }

    /// A messenger that trusts these authorities beside those of the system.
    init(egress: EgressGuard, version: String, patience: Duration, trusting authorities: [NIOSSLCertificate]) {
        self.egress = egress
        self.version = version
        self.patience = patience
        self.authorities = authorities
    }

    /// Posts a body of JSON; returns when the receiver has answered that it took it.
    ///
    /// - Parameter id: tells the receiver of a repetition.
    /// - Throws: `PostFailure`, or `CancellationError`.
    package func post(_ body: [UInt8], to url: OutboundURL, id: String) async throws {
        let deadline = NIODeadline.now() + .nanoseconds(Int64(patience / .nanoseconds(1)))
        var place = url
        for _ in 0...Self.redirectLimit {
            let answer = try await answer(to: body, id: id, from: place, until: deadline)
            switch answer.status {
            case 200..<300: return
            case 301, 302, 307, 308: place = try Self.next(after: place, answer)
            default: throw PostFailure("The receiver answered \(answer.status).")
            }
        }
        throw PostFailure("The receiver redirected more than \(Self.redirectLimit) times.")
    }

    private static func next(after place: OutboundURL, _ answer: PostAnswer) throws(PostFailure) -> OutboundURL {
        guard let location = answer.location else {
            throw PostFailure("The receiver answered \(answer.status) and named no place.")
        }
        guard let next = try? place.redirected(to: location) else {  // What is wrong with it may hold a secret.
            throw PostFailure.unreadablePlace
        }
        guard next.isSecure || !place.isSecure else {
            throw PostFailure("The receiver redirected from https to http, which is not followed.")
        }
        return next
    }

    /// What one receiver answers, at the first of its addresses that takes a connection.
    private func answer(
        to body: [UInt8], id: String, from url: OutboundURL, until deadline: NIODeadline
    ) async throws -> PostAnswer {
        let found = try await NameLookup.addresses(of: url, until: deadline, or: .tooSlow(patience))
        let addresses = found.filter { $0.ipAddress.flatMap(IPAddress.init).map(egress.admits) ?? false }
        guard let last = addresses.last else { throw PostFailure.egressRefused(url.host) }
        let exchange = PostExchange(
            request: request(body, id: id, to: url), security: try security(for: url), deadline: deadline,
            tooSlow: .tooSlow(patience))
        for address in addresses.dropLast() {
            // Half of the time is left for the others.
            if let answer = try await exchange.answer(
                at: address, within: .nanoseconds((deadline - .now()).nanoseconds / 2))
            {
                return answer
            }
        }
        guard let answer = try await exchange.answer(at: last, within: deadline - .now()) else {
            throw PostFailure("There was no connection to \(url.host).")
        }
        return answer
    }

    private func request(_ body: [UInt8], id: String, to url: OutboundURL) -> PostRequest {
        PostRequest(
            target: url.target,
            headers: [
                ("Host", url.authority), ("User-Agent", "QKron/\(version)"), ("Content-Type", "application/json"),
                ("Content-Length", "\(body.count)"), ("Accept", "*/*"), ("webhook-id", id), ("Connection", "close"),
            ], body: body)
    }

    /// How a connection is made safe; nil where the URL says http.
    private func security(for url: OutboundURL) throws -> PostSecurity? {
        guard url.isSecure else { return nil }
        let name = url.host.hasSuffix(".") ? String(url.host.dropLast()) : url.host
        // An address is checked as such: it cannot be asked for by name.
        return PostSecurity(context: try tlsContext(), name: url.literalAddress == nil ? name : nil)
    }

    /// Made when it is first needed: it reads all authorities of the system.
    private func tlsContext() throws -> NIOSSLContext {
        try tls.withLock { known in
            if let known { return known }
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.minimumTLSVersion = .tlsv12
            configuration.additionalTrustRoots = [.certificates(authorities)]
            let context = try NIOSSLContext(configuration: configuration)
            known = context
            return context
        }
    }
}
