import Foundation
import Glibc
import Synchronization

/// An HTTP server on this machine that notes what it is sent and answers what a test wants.
package final class Receiver: Sendable {
    /// What it was sent.
    package struct Request: Sendable {
        package let method: String
        package let target: String
        package let headers: [(name: String, value: String)]
        package let body: [UInt8]

        /// The value of a header; its name in any case.
        package subscript(_ name: String) -> String? {
            headers.first { $0.name.lowercased() == name.lowercased() }?.value
        }
    }

    /// What it answers.
    package enum Answer: Sendable {
        case status(Int)
        case redirect(Int, to: String)
        /// Bytes, after which it closes.
        case bytes(String)
        /// Bytes, after which it says nothing more, until it is asked something else or closed.
        case stall(String)
    }

    package let host: String
    package let port: Int
    private let listener: Int32
    private let answer: @Sendable (Request, _ number: Int) -> Answer
    private let received = Mutex<[Request]>([])
    private let stalled = Mutex<[Int32]>([])

    /// All that it was sent, in order.
    package var requests: [Request] { received.withLock { $0 } }

    /// A receiver; `answer` gets each request with the count of those before it.
    package init(
        _ host: String = "127.0.0.1",
        answer: @escaping @Sendable (Request, _ number: Int) -> Answer = { _, _ in .status(204) }
    ) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr(host)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, size) == 0 && listen(listener, 64) == 0
                    && getsockname(listener, address, &size) == 0
            }
        }
        guard bound else { throw Connection.Failure(description: "No listener on \(host): errno \(errno)") }
        self.host = host
        self.listener = listener
        self.answer = answer
        port = Int(in_port_t(bigEndian: address.sin_port))
        Thread.detachNewThread { [self] in serve() }
    }

    /// Where it is.
    package func url(_ path: String = "/") -> String { "http://\(host):\(port)\(path)" }

    /// Takes no more connections, and ends those that it let wait.
    package func close() {
        shutdown(listener, Int32(SHUT_RDWR))
        stalled.withLock { sockets in
            for socket in sockets { Glibc.close(socket) }
            sockets = []
        }
    }

    private func serve() {
        while true {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { break }
            Thread.detachNewThread { [self] in converse(on: connection) }
        }
        Glibc.close(listener)
    }

    private func converse(on connection: Int32) {
        guard let request = Self.request(on: connection) else {
            Glibc.close(connection)
            return
        }
        let number = received.withLock { requests in
            requests.append(request)
            return requests.count - 1
        }
        switch answer(request, number) {
        case .status(let status): say("HTTP/1.1 \(status) X\r\nContent-Length: 2\r\n\r\nok", on: connection)
        case .redirect(let status, let place):
            say("HTTP/1.1 \(status) X\r\nLocation: \(place)\r\nContent-Length: 0\r\n\r\n", on: connection)
        case .bytes(let bytes): say(bytes, on: connection)
        case .stall(let bytes):
            say(bytes, on: connection)
            stalled.withLock { $0.append(connection) }
            return
        }
        Glibc.close(connection)
    }

    private func say(_ text: String, on connection: Int32) {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// One request, head and body; nil where the other side closes before it is whole.
    private static func request(on connection: Int32) -> Request? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            bytes += buffer[..<count]
            guard let gap = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { continue }
            let lines = String(decoding: bytes[..<gap.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
            let headers = lines.dropFirst().map { line in
                let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
                return (name: parts[0], value: parts.count > 1 ? parts[1] : "")
            }
            let length = headers.first { $0.name.lowercased() == "content-length" }.flatMap { Int($0.value) } ?? 0
            guard bytes.count - gap.upperBound >= length else { continue }
            let words = lines[0].split(separator: " ").map(String.init)
            return Request(
                method: words[0], target: words.count > 1 ? words[1] : "", headers: headers,
                body: Array(bytes[gap.upperBound...]))
        }
    }
}
