/// What stands in a request line between method and version (RFC 9112, section 3.2).
enum RequestTarget {
    /// Path and query of a target, both as they were sent.
    static func parts(of target: String) -> (path: String, query: String) {
        let target = target.utf8.first == UInt8(ascii: "/") ? target : withoutServer(target)
        guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return (target, "") }
        let query = target[target.utf8.index(after: mark)...].utf8.prefix { $0 != UInt8(ascii: "#") }
        return (String(target[..<mark]), String(Substring(query)))
    }

    /// A target in absolute form names a server before its path.
    private static func withoutServer(_ target: String) -> String {
        guard let colon = target.utf8.firstIndex(of: UInt8(ascii: ":")),
            target[colon...].utf8.starts(with: "://".utf8)
        else { return target }
        let server = target.utf8.index(colon, offsetBy: 3)
        let rest = target[server...].utf8.drop { !"/?#".utf8.contains($0) }.prefix { $0 != UInt8(ascii: "#") }
        return rest.first == UInt8(ascii: "/") ? String(Substring(rest)) : "/" + String(Substring(rest))
    }
}
