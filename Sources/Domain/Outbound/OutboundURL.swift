import Foundation
import Glibc

/// An `http` or `https` address that somebody named, taken apart by the rules that the connection goes by.
package struct OutboundURL: Sendable, Equatable {
    /// Characters of the longest.
    package static let longest = 2048
    /// What is wrong with a text that writes none; one sentence.
    package struct Fault: Error, Sendable, Equatable {
        package let message: String
    }

    /// As it was written.
    package let text: String
    package let isSecure: Bool
    /// A name, or an address without brackets.
    package let host: String
    package let port: Int
    /// Path and query, as a request names them; what follows a `#` stays here.
    package let target: String

    /// The address that a text writes, in ASCII: who it goes to must be plain from the text alone.
    package init(_ text: String) throws(Fault) {
        guard text.utf8.count <= Self.longest else {
            throw Fault(message: "must have at most \(Self.longest) characters")
        }
        guard text.utf8.allSatisfy(Self.isPlain) else {
            throw Fault(
                message:
                    "must be ASCII without blanks, control characters, quotes, < > ^ ` or a backslash: write others"
                    + " in percent signs, and a host in punycode")
        }
        guard let mark = text.range(of: "://"), ["http", "https"].contains(text[..<mark.lowerBound].lowercased()) else {
            throw Fault(message: "must begin with http:// or https://")
        }
        let rest = text[mark.upperBound...]
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        let authority = rest[..<end]
        guard !authority.contains("@") else { throw Fault(message: "must not hold a user or a password") }
        isSecure = text[..<mark.lowerBound].count == 5
        (host, port) = try Self.hostAndPort(authority, usually: isSecure ? 443 : 80)
        let target = rest[end...].prefix { $0 != "#" }
        self.target = target.hasPrefix("/") ? String(target) : "/\(target)"
        self.text = text
    }

    /// What a request calls the host: with the port where it is not the usual one.
    package var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }

    /// The address that the host is, in any of the ways in which C reads one (`127.1`, `0x7f.1`, `2130706433`); nil for
    /// a name.
    package var literalAddress: IPAddress? {
        if host.contains(":") { return IPAddress(host) }
        var address = in_addr()
        guard inet_aton(host.hasSuffix(".") ? String(host.dropLast()) : host, &address) != 0 else { return nil }
        var buffer = [CChar](repeating: 0, count: Int(INET_ADDRSTRLEN))
        inet_ntop(AF_INET, &address, &buffer, socklen_t(buffer.count))
        return IPAddress(String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
    }

    /// Where a redirect from here leads.
    package func redirected(to location: String) throws(Fault) -> OutboundURL {
        guard let url = URL(string: location, relativeTo: URL(string: text)) else {
            throw Fault(message: "names no address")
        }
        return try OutboundURL(url.absoluteString)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && !"\"'<>\\^`".utf8.contains(byte)
    }

    private static func hostAndPort(_ authority: Substring, usually usual: Int) throws(Fault) -> (String, Int) {
        let isBracketed = authority.hasPrefix("[")
        let end = isBracketed ? authority.firstIndex(of: "]") : authority.firstIndex(of: ":") ?? authority.endIndex
        guard let end else { throw Fault(message: "has no closing bracket after its address") }
        let host = authority[..<end].dropFirst(isBracketed ? 1 : 0)
        let isHost =
            isBracketed
            ? host.contains(":") && IPAddress(String(host)) != nil
            : (1...253).contains(host.utf8.count) && host.utf8.allSatisfy(isOfName)
        guard isHost else { throw Fault(message: "must name a host") }
        let rest = authority[end...].dropFirst(isBracketed ? 1 : 0)
        guard !rest.isEmpty else { return (host.lowercased(), usual) }
        guard rest.hasPrefix(":"), rest.dropFirst().allSatisfy(\.isNumber), let port = Int(rest.dropFirst()),
            (1...65_535).contains(port)
        else { throw Fault(message: "must have a port from 1 to 65535, or none") }
        return (host.lowercased(), port)
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): true
        default: false
        }
    }
}
