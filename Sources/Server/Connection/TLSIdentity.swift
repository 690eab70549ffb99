import Domain
import NIOCore
import NIOSSL

/// The certificate and key by which the server speaks TLS 1.2 or newer.
package struct TLSIdentity: Sendable {
    private let context: NIOSSLContext

    /// The identity in these PEM files: a certificate with those that vouch for it, and its key.
    ///
    /// - Throws: when the files cannot be read, or do not belong together.
    package init(certificate: String, key: String) throws {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        context = try NIOSSLContext(configuration: configuration)
    }

    /// What speaks TLS on one connection.
    func handler() -> NIOSSLServerHandler { NIOSSLServerHandler(context: context) }
}
