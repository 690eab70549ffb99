import Foundation

/// A certificate of its own making and its key, in files of a directory of their own.
package struct TestCertificate: Sendable {
    /// The file that holds the certificate.
    package let file: String
    /// The file that holds the key.
    package let key: String
    private let directory: String

    /// Makes one for these names, as openssl writes them.
    package init(named names: String = "DNS:localhost,IP:127.0.0.1") async throws {
        directory = NSTemporaryDirectory() + "qkron-certificate-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        (file, key) = ("\(directory)/cert.pem", "\(directory)/key.pem")
        let openssl = try ChildProcess(
            [
                try Tool.find("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-keyout", key, "-out", file, "-days", "2", "-subj", "/CN=qkron tests", "-addext",
                "subjectAltName=\(names)",
            ], environment: [:], output: "\(directory)/out", error: "\(directory)/err")
        guard try await openssl.wait() == .exited(0) else {
            throw Tool.Failure(description: "openssl made no certificate: \(openssl.error)")
        }
    }

    /// Removes the files.
    package func remove() {
        try? FileManager.default.removeItem(atPath: directory)
    }
}
