import Foundation
import Glibc
import Synchronization

/// Stands between one server and PostgreSQL on loopback, and may cut, delay or swallow what the two say.
final class Proxy: Sendable {
    enum Mode: Sendable, Equatable {
        case pass
        /// Every byte takes so many milliseconds longer.
        case delay(Double)
        /// Connections stand, but nothing passes.
        case blackHole
        /// Connections are reset, and new ones at once.
        case cut
    }

    let port: Int
    private let listener: Int32
    private let target: Int
    private let mode = Mutex(Mode.pass)
    private let isOver = Atomic(false)

    /// Listens on a free port and passes on to `target`.
    init(target: Int) throws {
        self.target = target
        listener = try LoopbackSocket.listening()
        port = LoopbackSocket.port(of: listener)
        // Blocking poll needs a thread of its own.
        let thread = Thread { [self] in loop() }
        thread.name = "proxy"
        thread.start()
    }

    func set(_ mode: Mode) { self.mode.withLock { $0 = mode } }

    /// Only if nothing else was set meanwhile.
    func heal(from mode: Mode) {
        self.mode.withLock { if $0 == mode { $0 = .pass } }
    }

    func close() { isOver.store(true, ordering: .relaxed) }

    private func loop() {
        var links: [ProxyLink] = []
        while !isOver.load(ordering: .relaxed) {
            let mode = mode.withLock { $0 }
            if mode == .cut {
                for link in links { link.reset() }
                links = []
            }
            poll(links, mode)
            if let link = accept(mode) { links.append(link) }
            if mode != .blackHole {
                let delay = if case .delay(let milliseconds) = mode { milliseconds } else { 0.0 }
                for link in links { link.move(delay: UInt64(delay * 1_000_000)) }
                for link in links where link.isDone { link.close() }
                links.removeAll(where: \.isDone)
            }
        }
        for link in links { link.reset() }
        Glibc.close(listener)
    }

    /// Waits until something can be read, or a moment.
    private func poll(_ links: [ProxyLink], _ mode: Mode) {
        var entries = [pollfd(fd: listener, events: Int16(POLLIN), revents: 0)]
        if mode != .blackHole { entries += links.flatMap(\.interests) }
        let holdsBytes = links.contains(where: \.holdsBytes)
        Glibc.poll(&entries, nfds_t(entries.count), holdsBytes ? 2 : 20)
    }

    private func accept(_ mode: Mode) -> ProxyLink? {
        let client = Glibc.accept(listener, nil, nil)
        guard client >= 0 else { return nil }
        _ = fcntl(client, F_SETFL, O_NONBLOCK)
        _ = fcntl(client, F_SETFD, FD_CLOEXEC)
        guard mode != .cut, let upstream = try? LoopbackSocket.connected(to: target) else {
            LoopbackSocket.reset(client)
            return nil
        }
        return ProxyLink(client: client, upstream: upstream)
    }
}

/// Sockets of this machine that do not block.
enum LoopbackSocket {
    static func listening() throws -> Int32 {
        let socket = try make()
        var address = address(port: 0)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard bound == 0, listen(socket, 128) == 0 else { throw POSIXError(.EADDRINUSE) }
        return socket
    }

    static func connected(to port: Int) throws -> Int32 {
        let socket = try make()
        var address = address(port: port)
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 || errno == EINPROGRESS else {
            Glibc.close(socket)
            throw POSIXError(.ECONNREFUSED)
        }
        return socket
    }

    static func port(of socket: Int32) -> Int {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &size) }
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// A port that nobody listens on now.
    static func freePort() throws -> Int {
        let socket = try listening()
        defer { Glibc.close(socket) }
        return port(of: socket)
    }

    /// Closes with a reset instead of an end.
    static func reset(_ socket: Int32) {
        var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        Glibc.close(socket)
    }

    private static func make() throws -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let socket = Glibc.socket(AF_INET, kind, 0)
        guard socket >= 0 else { throw POSIXError(.EMFILE) }
        return socket
    }

    private static func address(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return address
    }
}
