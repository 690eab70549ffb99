import Foundation
import NIOCore
import NIOSSL

/// How the connections to a server are made safe: by TLS, where its address asks for it.
struct Security: Sendable {
    /// Nil where the address says http://.
    private let context: NIOSSLContext?
    private let host: String

    /// What connections to `address` need.
    ///
    /// - Parameter authorities: a PEM file of authorities that are trusted beside those of the system.
    /// - Throws: `ClientError.address` where the file cannot be used.
    init(of address: ServerAddress, authorities: String?) throws(ClientError) {
        host = address.host
        guard address.isSecure else {
            context = nil
            return
        }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        do {
            if let authorities {
                // Read here, so that a file without a certificate is told of.
                let certificates = try NIOSSLCertificate.fromPEMFile(authorities)
                guard !certificates.isEmpty else { throw NIOSSLError.failedToLoadCertificate }
                configuration.additionalTrustRoots = [.certificates(certificates)]
            }
            context = try NIOSSLContext(configuration: configuration)
        } catch {
            throw .address("The certificates in \(authorities ?? "the system") cannot be used.")
        }
    }

    /// What a connection needs before it speaks HTTP.
    func handlers() throws -> [NIOSSLClientHandler] {
        guard let context else { return [] }
        // An address is checked as such: it cannot be asked for by name.
        let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        return [try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : host)]
    }

    /// Why there is no safe connection, in words; nil for errors of another kind.
    static func reason(of error: any Error) -> String? {
        switch error {
        case NIOSSLError.handshakeFailed(let cause):
            let text = "\(cause)"
            if text.contains("CERTIFICATE_VERIFY_FAILED") {
                return "its certificate is not trusted here; --ca-file names the authority of a private one"
            }
            return text.contains("WRONG_VERSION_NUMBER") ? "it does not speak TLS" : "there is no safe connection to it"
        case NIOSSLError.unableToValidateCertificate, is NIOSSLExtraError:
            return "its certificate is that of another host"
        case is NIOSSLError: return "the safe connection to it broke off"
        default: return nil
        }
    }
}
