import Foundation

/// Where a server answers: a host, a port, and perhaps a path that a proxy has put before its own.
package struct ServerAddress: Sendable, Hashable, CustomStringConvertible {
    /// Where `serve` listens unless it is told otherwise.
    package static let usual = ServerAddress(isSecure: false, host: "127.0.0.1", port: 8000, prefix: "")

    /// Whether it is spoken to through TLS.
    let isSecure: Bool
    /// A name or an address; an IPv6 address without its brackets.
    let host: String
    let port: Int
    /// Empty, or a path that begins with a slash and ends without one.
    let prefix: String

    private init(isSecure: Bool, host: String, port: Int, prefix: String) {
        self.isSecure = isSecure
        self.host = host
        self.port = port
        self.prefix = prefix
    }

    /// Reads an address such as `http://127.0.0.1:8000`.
    ///
    /// - Throws: `ClientError.address`, saying what is allowed.
    package init(_ text: String) throws(ClientError) {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(), let host = parts.host,
            !host.isEmpty
        else { throw .address("'\(text)' is no address of a server; it reads like http://127.0.0.1:8000.") }
        guard scheme == "http" || scheme == "https" else {
            throw .address("'\(text)' begins with \(scheme)://; allowed are http:// and https://.")
        }
        guard parts.user == nil, parts.password == nil, parts.query == nil, parts.fragment == nil else {
            throw .address("The address of a server holds a host, a port and a path, and nothing else.")
        }
        let port = parts.port ?? (scheme == "https" ? 443 : 80)
        guard (1...65_535).contains(port) else { throw .address("'\(text)' names no port from 1 to 65535.") }
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        let path = parts.percentEncodedPath
        self.init(
            isSecure: scheme == "https",
            host: isBracketed ? String(host.dropFirst().dropLast()) : host, port: port,
            prefix: String(path.reversed().drop { $0 == "/" }.reversed()))
    }

    /// Host and port as the `Host` header has them.
    var authority: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// The address as a URL.
    package var description: String { "\(isSecure ? "https" : "http")://\(authority)\(prefix)" }
}
