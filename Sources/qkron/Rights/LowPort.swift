import Glibc

/// A listening address that only root may take: it is taken before root is given up.
enum LowPort {
    /// A socket that is bound to the address, and does not listen yet; nil where the port is nothing special.
    ///
    /// - Throws: `LowPortError` where it cannot be had.
    static func bind(host: String, port: Int) throws -> Int32? {
        guard (1..<1024).contains(port) else { return nil }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let outcome = getaddrinfo(host, String(port), &hints, &found)
        guard outcome == 0, let address = found else {
            throw LowPortError(address: "\(host):\(port)", reason: String(cString: gai_strerror(outcome)), code: 0)
        }
        defer { freeaddrinfo(found) }
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let socket = socket(address.pointee.ai_family, kind, 0)
        var one: Int32 = 1
        guard socket >= 0,
            setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size)) == 0,
            Glibc.bind(socket, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0
        else {
            let code = errno
            close(socket)
            throw LowPortError(address: "\(host):\(port)", reason: String(cString: strerror(code)), code: code)
        }
        return socket
    }
}

/// Why an address cannot be listened on.
struct LowPortError: Error, CustomStringConvertible {
    let address: String
    let reason: String
    let code: Int32

    var description: String { "The server cannot listen on \(address): \(reason)." }
}
