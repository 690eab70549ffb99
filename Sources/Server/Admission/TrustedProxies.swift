import Domain

/// The proxies whose word about their clients is taken.
struct TrustedProxies: Sendable {
    /// No chain of proxies is longer: what a client makes up is not read for ever.
    private static let longestChain = 32

    let ranges: [IPRange]

    /// Where a request comes from that came over a connection from `peer`.
    ///
    /// Each proxy adds the address that it was asked from at the end of `X-Forwarded-For`. So from the end on, what
    /// trusted proxies say is true, and the first address that is none of theirs is the client's; what stands before it
    /// anybody may have written.
    func origin(peer: IPAddress?, isEncrypted: Bool, _ fields: RequestFields) -> RequestOrigin {
        guard !ranges.isEmpty, let peer, isTrusted(peer) else {
            return RequestOrigin(address: peer, isSecure: isEncrypted)
        }
        let isSecure = fields.forwardedProto.map { Self.last(of: $0).lowercased() == "https" } ?? isEncrypted
        var address = peer
        let names = fields.forwardedFor?.utf8.split(separator: UInt8(ascii: ",")).suffix(Self.longestChain) ?? []
        for name in names.reversed() {
            guard let named = Self.address(in: Substring(name)) else { break }
            address = named
            guard isTrusted(named) else { break }
        }
        return RequestOrigin(address: address, isSecure: isSecure)
    }

    func isTrusted(_ address: IPAddress) -> Bool {
        ranges.contains { $0.contains(address) }
    }

    private static func last(of list: String) -> String {
        String(Substring(list.utf8.split(separator: UInt8(ascii: ",")).last ?? ""[...].utf8)).trimmed
    }

    /// The address of a node, which some proxies write with its port: `192.0.2.1:80`, `[2001:db8::1]:80`.
    private static func address(in text: Substring) -> IPAddress? {
        let text = String(text).trimmed
        if let address = IPAddress(text) { return address }
        if text.utf8.first == UInt8(ascii: "[") {
            return IPAddress(String(Substring(text.utf8.dropFirst().prefix { $0 != UInt8(ascii: "]") })))
        }
        return IPAddress(String(Substring(text.utf8.prefix { $0 != UInt8(ascii: ":") })))
    }
}

extension String {
    fileprivate var trimmed: String {
        func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        let front = utf8.drop(while: isBlank)
        return String(Substring(front.prefix(front.count - front.reversed().prefix(while: isBlank).count)))
    }
}
