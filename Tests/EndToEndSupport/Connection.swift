import Foundation
import Glibc
import Synchronization

/// A TCP connection that sends exactly the bytes it is given, so that tests can speak broken HTTP too. It blocks, and
/// therefore works on a queue of its own.
package final class Connection: Sendable {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String

        package init(description: String) { self.description = description }
    }

    private let socket: Int32
    private let queue = DispatchQueue(label: "e2e.connection")

    /// Connects to a port of this machine; no operation waits longer than `limit`.
    package init(port: Int, limit: Duration = .seconds(30)) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { throw Failure(description: "No socket: errno \(errno)") }
        var pause = timeval(tv_sec: Int(limit.components.seconds), tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &pause, size)
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &pause, size)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else {
            let reason = errno
            close(socket)
            throw Failure(description: "Cannot connect to port \(port): errno \(reason)")
        }
    }

    deinit { close(socket) }

    /// Sends all bytes. A server that has seen enough may stop reading: that is no failure here, its answer tells.
    package func send(_ bytes: [UInt8]) async {
        await onQueue { [socket] in
            var sent = 0
            while sent < bytes.count {
                let count = bytes[sent...].withUnsafeBytes {
                    Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return }
                sent += count
            }
        }
    }

    /// Tells the other side that no more will come.
    package func finishSending() { shutdown(socket, Int32(SHUT_WR)) }

    /// The next bytes; empty when the other side has closed.
    package func receive() async throws -> [UInt8] {
        try await onQueue { [socket] in
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = recv(socket, &buffer, buffer.count, 0)
            // A reset is an end as well: the server closed on bytes that it had not read.
            if count < 0, errno != ECONNRESET { throw Failure(description: "Nothing came: errno \(errno)") }
            return Array(buffer.prefix(max(count, 0)))
        }
    }

    /// The next answer, or nil when the connection was closed without one.
    package func response(isHead: Bool = false) async throws -> HTTPResponse? {
        var parser = HTTPParser(isHead: isHead)
        while true {
            let bytes = try await receive()
            parser.append(bytes)
            if let response = try parser.next(isClosed: bytes.isEmpty) { return response }
            if bytes.isEmpty { return nil }
        }
    }

    private func onQueue<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try work() }) }
        }
    }

    private func onQueue(_ work: @escaping @Sendable () -> Void) async {
        await withCheckedContinuation { continuation in
            queue.async {
                work()
                continuation.resume()
            }
        }
    }
}
