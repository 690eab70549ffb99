/// Which addresses requests of the server's own may go to: those of the internet, and what `EGRESS_ALLOW` names beside
/// them.
package struct EgressGuard: Sendable, Equatable {
    private let allowed: [IPRange]

    /// A guard that lets these ranges through, whatever they are.
    package init(allowing allowed: [IPRange] = []) {
        self.allowed = allowed
    }

    /// A guard that lets everything through, where somebody else decides.
    package static let open = EgressGuard(allowing: ["0.0.0.0/0", "::/0"].compactMap(IPRange.init))

    /// Whether a connection may go to an address.
    package func admits(_ address: IPAddress) -> Bool {
        // A translator makes a connection to the IPv4 address of it.
        if let embedded = address.translated { return admits(embedded) }
        if allowed.contains(where: { $0.contains(address) }) { return true }
        if address.isIPv4 { return !Self.special.contains { $0.contains(address) } }
        return Self.global.contains { $0.contains(address) } && !Self.special.contains { $0.contains(address) }
    }

    /// Whether a URL names, as a number, an address that a connection may not go to.
    package func refuses(_ url: OutboundURL) -> Bool {
        url.literalAddress.map { !admits($0) } ?? false
    }

    /// What IPv6 has given out for the internet; all else is special.
    private static let global = ["2000::/3"].compactMap(IPRange.init)

    /// What is not the internet, of the IANA registries of special-purpose addresses, and the metadata services of
    /// clouds outside them.
    private static let special = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16",
        // Protocols, with Teredo; documentation; 6to4, which embeds IPv4.
        "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
    ].compactMap(IPRange.init)
}
