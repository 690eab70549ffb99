import Domain
import Foundation
import NIOCore
import NIOPosix

/// The addresses of a host, as the system finds them.
enum NameLookup {
    /// The addresses of the host of a URL, in the order in which they are to be tried.
    ///
    /// - Throws: `PostFailure` for a name without any; `failure` where none are told by the deadline.
    static func addresses(
        of url: OutboundURL, until deadline: NIODeadline, or failure: PostFailure
    ) async throws -> [SocketAddress] {
        let (host, port) = (url.host, url.port)
        let pending = Pending<[SocketAddress]>()
        // A thread of its own, as the system may be silent for longer than anybody waits, and cannot be stopped.
        Thread.detachNewThread { pending.settle(Result { try lookUp(host, port) }) }
        let alarm = MultiThreadedEventLoopGroup.singleton.any().scheduleTask(deadline: deadline) {
            pending.settle(.failure(failure))
        }
        defer { alarm.cancel() }
        return try await pending.value()
    }

    private static func lookUp(_ host: String, _ port: Int) throws -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV
        var first: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &first) == 0, let first else {
            throw PostFailure("No address of \(host) was found.")
        }
        defer { freeaddrinfo(first) }
        return sequence(first: first, next: \.pointee.ai_next).compactMap { entry in
            guard let address = entry.pointee.ai_addr else { return nil }
            switch entry.pointee.ai_family {
            case AF_INET:
                return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { SocketAddress($0.pointee) }
            case AF_INET6:
                return address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { SocketAddress($0.pointee) }
            default: return nil
            }
        }
    }
}
