import Domain
import Glibc
import Server

extension Configuration {
    /// Where the certificate of https and its key are.
    struct TLSFiles: Sendable {
        let certificate: String
        let key: String

        /// - Throws: `ConfigurationError` if they cannot be used.
        func load() throws(ConfigurationError) -> TLSIdentity {
            do {
                return try TLSIdentity(certificate: certificate, key: key)
            } catch {
                throw ConfigurationError(faults: [
                    "TLS_CERT and TLS_KEY name \(certificate) and \(key), which cannot be used: \(error)"
                ])
            }
        }
    }
}

extension Configuration.TLSFiles {
    init?(_ reader: inout SettingReader) {
        let (certificate, key) = (reader.text(.tlsCertificate), reader.text(.tlsKey))
        if certificate != nil, key == nil { reader.fault(.tlsKey, "is missing: TLS_CERT and TLS_KEY are set together") }
        if certificate == nil, key != nil {
            reader.fault(.tlsCertificate, "is missing: TLS_CERT and TLS_KEY are set together")
        }
        guard let certificate, let key else { return nil }
        self.init(certificate: certificate, key: key)
    }
}

extension ServerConfiguration.Exposure {
    /// Descriptors that are not for connections.
    private static let reservedDescriptors = 256
    private static let mostConnections = 10_000
    private static let usualOrigins = ["http://localhost:3000", "http://localhost:8000", "http://localhost:5173"]

    /// All but the certificate, which only a server reads.
    init(_ reader: inout SettingReader) {
        self.init()
        trustedProxies = reader.values(
            .trustedProxies, default: [], "may hold addresses and ranges such as 10.0.0.0/8", IPRange.init)
        publicURL = reader.text(.publicURL).flatMap(Self.base)
        if publicURL == nil, reader.text(.publicURL) != nil {
            reader.fault(.publicURL, "must be an address such as https://qkron.example.org")
        }
        // Whoever leaves it empty means nobody.
        if !reader.isEmpty(.corsOrigins), reader.text(.corsOrigins) != "none" {
            corsOrigins = reader.values(
                .corsOrigins, default: Self.usualOrigins,
                "may hold origins such as https://app.example.org, or be none: * is not taken", Self.origin)
        }
        loginRateLimit = reader.integer(.loginRateLimit, in: 0...1_000_000, default: 600)
        rateLimit = reader.integer(.rateLimit, in: 0...100_000_000, default: 0)
        connectionLimit = Self.affordableConnections
    }

    /// As many as there are descriptors for.
    private static var affordableConnections: Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return mostConnections }
        let descriptors = min(Int(clamping: limit.rlim_cur), mostConnections + reservedDescriptors)
        return max(descriptors - reservedDescriptors, descriptors / 2)
    }

    /// An origin as browsers write it; nil if the text is none.
    private static func origin(_ text: String) -> String? {
        guard let base = Self.base(text.lowercased()) else { return nil }
        return base.split(separator: "/").count == 2 ? base : nil
    }

    /// A web address without a slash at its end; nil if the text is none, or holds what no base holds.
    private static func base(_ text: String) -> String? {
        guard let scheme = ["http://", "https://"].first(where: text.hasPrefix) else { return nil }
        let rest = text.utf8.dropFirst(scheme.utf8.count)
        let isPlain = rest.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"?#@\"'<>*\\,".utf8.contains($0) }
        guard isPlain, let first = rest.first, first != UInt8(ascii: "/") else { return nil }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }
}

extension SettingReader {
    /// A list of what `read` makes of each item; a fault that says `what` where it makes nothing of one.
    mutating func values<Value>(
        _ setting: Setting, default usual: [Value], _ what: String, _ read: (String) -> Value?
    ) -> [Value] {
        guard let texts = list(setting) else { return usual }
        let values = texts.compactMap(read)
        if values.count != texts.count { fault(setting, what) }
        return values
    }
}
