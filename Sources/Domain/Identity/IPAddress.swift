import Glibc

/// An internet address, IPv4 or IPv6; one that IPv6 writes for an IPv4 address (`::ffff:192.0.2.1`) is that IPv4
/// address.
package struct IPAddress: Sendable, Hashable {
    private static let mark: UInt64 = 0xFFFF

    /// The two halves of the IPv6 form.
    private let high: UInt64
    private let low: UInt64

    private init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// The address that a text writes, without port, zone or brackets; nil if it writes none.
    package init?(_ text: String) {
        // No address is longer, and C would read a text with a NUL only in part.
        guard text.utf8.count <= Int(INET6_ADDRSTRLEN), !text.utf8.contains(0) else { return nil }
        var short = in_addr()
        if inet_pton(AF_INET, text, &short) == 1 {
            self.init(high: 0, low: Self.mark << 32 | UInt64(UInt32(bigEndian: short.s_addr)))
            return
        }
        var long = in6_addr()
        guard inet_pton(AF_INET6, text, &long) == 1 else { return nil }
        let halves = withUnsafeBytes(of: long) { bytes in
            (bytes.loadUnaligned(as: UInt64.self), bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
        self.init(high: UInt64(bigEndian: halves.0), low: UInt64(bigEndian: halves.1))
    }

    package var isIPv4: Bool { high == 0 && low >> 32 == Self.mark }

    /// The IPv4 address that a translator makes of an IPv6 address (RFC 6052, `64:ff9b::/96`); nil for others.
    package var translated: IPAddress? {
        guard high == 0x0064_FF9B_0000_0000, low >> 32 == 0 else { return nil }
        return IPAddress(high: 0, low: Self.mark << 32 | low)
    }

    /// The address of all who are taken for one client: an IPv4 address itself, of an IPv6 address its /64, as whoever
    /// has one address of that has all.
    package var client: IPAddress { isIPv4 ? self : IPAddress(high: high, low: 0) }

    /// The address with all bits after the first `length` of the IPv6 form left out.
    fileprivate func prefix(_ length: Int) -> IPAddress {
        func mask(_ bits: Int) -> UInt64 { bits <= 0 ? 0 : bits >= 64 ? .max : .max << (64 - bits) }
        return IPAddress(high: high & mask(length), low: low & mask(length - 64))
    }
}

extension IPAddress: CustomStringConvertible {
    /// The usual text (RFC 5952).
    package var description: String {
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        if isIPv4 {
            var address = in_addr(s_addr: UInt32(truncatingIfNeeded: low).bigEndian)
            inet_ntop(AF_INET, &address, &buffer, socklen_t(buffer.count))
        } else {
            var halves = (high.bigEndian, low.bigEndian)
            inet_ntop(AF_INET6, &halves, &buffer, socklen_t(buffer.count))
        }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

/// All addresses that begin alike, as CIDR writes them (RFC 4632): `10.0.0.0/8`, `2001:db8::/32`, or one address.
package struct IPRange: Sendable, Equatable {
    private let first: IPAddress
    private let length: Int

    /// The range that a text writes; nil if it writes none.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard let address = parts.first.flatMap(IPAddress.init), parts.count <= 2 else { return nil }
        let bits = address.isIPv4 ? 32 : 128
        let length = parts.count == 2 ? Int(parts[1]) : bits
        guard let length, (0...bits).contains(length) else { return nil }
        self.length = length + 128 - bits
        first = address.prefix(self.length)
    }

    /// Whether it holds the address; a range of IPv6 holds none of IPv4, however wide.
    package func contains(_ address: IPAddress) -> Bool {
        address.isIPv4 == first.isIPv4 && address.prefix(length) == first
    }
}
