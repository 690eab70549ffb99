import Foundation
import Synchronization

/// A server that says what it is told to, whatever it is asked, and remembers what that was.
final class CannedServer: Sendable {
    let port: Int
    private let listener: Int32
    private let asked = Mutex<[String]>([])

    /// What it was asked, each request as text.
    var requests: [String] { asked.withLock { $0 } }

    /// Answers each connection with the next of `answers` and closes it; without any left it says nothing.
    init(_ answers: String...) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, size) == 0 && listen(listener, 16) == 0
                    && getsockname(listener, address, &size) == 0
            }
        }
        self.listener = listener
        guard bound else { throw CocoaError(.featureUnsupported) }
        port = Int(in_port_t(bigEndian: address.sin_port))
        Thread.detachNewThread { [self] in serve(answers) }
    }

    private func serve(_ answers: [String]) {
        var answers = answers[...]
        while true {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { return }
            let request = Self.request(on: connection)
            asked.withLock { $0.append(request) }
            // Without an answer the connection stays open, as that of a server that hangs.
            guard let answer = answers.popFirst() else { continue }
            _ = Array(answer.utf8).withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            close(connection)
        }
    }

    /// Reads one request, head and body.
    private static func request(on connection: Int32) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer[..<count]
            let text = String(decoding: bytes, as: UTF8.self)
            guard let gap = text.range(of: "\r\n\r\n") else { continue }
            let line = text.components(separatedBy: "\r\n").first { $0.lowercased().hasPrefix("content-length: ") }
            let length = line.flatMap { Int($0.dropFirst(16)) } ?? 0
            if text[gap.upperBound...].utf8.count >= length { return text }
        }
    }

    /// An answer of this status with this body.
    static func answer(_ status: String, type: String = "application/json", _ body: String) -> String {
        "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }
}
