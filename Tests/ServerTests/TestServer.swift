import Domain
import Foundation
import HTTPTypes
import Logging
import Synchronization
import Telemetry

@testable import Server

/// A server of a few routes on a real socket, without anything behind it.
struct TestServer {
    let port: Int
    let registry: PrometheusRegistry

    static let superuser = User(
        id: Identifier(), email: "a@example.org", username: "root", role: .superuser, isActive: true,
        createdAt: Date(), updatedAt: Date(), lastLoginAt: nil)
    static let person = User(
        id: Identifier(), email: "b@example.org", username: "person", role: .user, isActive: true, createdAt: Date(),
        updatedAt: Date(), lastLoginAt: nil)

    /// Pieces that `/flood` has sent, and how many floods have ended.
    static let flooded = Atomic(0)
    static let floodsEnded = Atomic(0)

    private static let routes = [
        Route(.get, "/open", access: .open) { call in ["known": .bool(call.caller.principal.account != nil)] },
        Route(.get, "/anonymous", access: .anonymous) { call in ["known": .bool(call.caller.principal.account != nil)]
        },
        Route(.get, "/any", access: .any) { call in ["username": .string(try call.user.username)] },
        Route(.get, "/super", access: .superuser) { _ in [:] },
        Route(.get, "/scraped", access: .superuserOrKey, scope: .metrics) { _ in [:] },
        Route(.get, "/secret", access: .anonymous, scope: .executeTasks) { _ in [:] },
        Route(.get, "/written", access: .owner, scope: .writeTasks) { _ in [:] },
        Route(.post, "/echo", access: .any, status: .created) { call in .object(try await call.body.object()) },
        Route(.post, "/form", access: .open) { call in .object(try await call.body.formOrObject()) },
        Route(.post, "/rows/{row_id}", access: .open) { call in
            .string(try call.identifier("row_id", of: User.self).description)
        },
        Route(.post, "/rows/{row_id}/parts/{part_id}", access: .open) { call in
            let ((row, _), name) = try await readBoth({
                try await readBoth({ try call.identifier("row_id", of: User.self) }) {
                    try call.identifier("part_id", of: User.self)
                }
            }) {
                var reader = BodyReader(try await call.body.object())
                let name = reader.string("name", length: 1...9)
                try reader.check()
                return name.or("")
            }
            return .string(row.description + name)
        },
        Route(.get, "/pieces", access: .open) { _ in
            var answer = Answer(status: .ok, mediaType: "text/plain")
            answer.stream = { send in
                for piece in ["one", "two"] {
                    guard await send(Array(piece.utf8)) else { return }
                }
            }
            return answer
        },
        Route(.get, "/flood", access: .open) { _ in
            var answer = Answer(status: .ok, mediaType: "text/plain")
            answer.stream = { send in
                while await send([UInt8](repeating: 65, count: 1 << 16)) { flooded.add(1, ordering: .relaxed) }
                floodsEnded.add(1, ordering: .relaxed)
            }
            return answer
        },
        Route(.get, "/broken", access: .open) { _ in throw CocoaError(.fileNoSuchFile) },
        Route(.get, "/page", access: .open) { _ in Answer.page(Array("<p>".utf8), policy: "frame-ancestors 'none'") },
        Route(.get, "/probe", access: .open) { _ in ["a": 1] }.counted(as: .probe),
        Route(.post, "/login", access: .open) { call in ["from": .string(call.caller.address ?? "")] }
            .counted(as: .login),
        Route(.delete, "/gone", access: .open) { _ in .empty() },
    ]

    /// A key is written as its owner's role and its scope; of the service as its name.
    @Sendable private static func principal(ofKey text: String) throws -> Principal {
        if text == "service" { return .service }
        let words = text.split(separator: " ").map(String.init)
        guard words.count == 2, let role = Role(rawValue: words[0]), let scope = APIKeyScope(rawValue: words[1]) else {
            throw Problem(.invalidAPIKey, "The API key is not valid.")
        }
        let owner = User(
            id: Identifier(), email: "c@example.org", username: "owner", role: role, isActive: true, createdAt: Date(),
            updatedAt: Date(), lastLoginAt: nil)
        let key = APIKey(
            id: Identifier(), ownerID: owner.id, name: "a key", prefix: "", scopes: [scope], expiresAt: nil,
            lastUsedAt: nil, createdAt: Date(), revokedAt: nil)
        return .key(key, owner: owner)
    }

    /// Runs `body` against a server that is stopped afterwards.
    static func with<Answer: Sendable>(
        routes: [Route] = routes, readTimeout: Int = 60, headerTimeout: Int = 30,
        exposure: ServerConfiguration.Exposure = .init(), log: RequestLog.Writing? = nil,
        _ body: @escaping @Sendable (TestServer) async throws -> Answer
    ) async throws -> Answer {
        let registry = PrometheusRegistry()
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let gate = Gate(
            account: { token in
                switch token {
                case "super", "a.super.token": return superuser
                case "person", "a.person.token": return person
                default: throw Problem(.invalidToken, "The token is not valid.")
                }
            }, keyHolder: principal(ofKey:))
        let log = log.map(RequestLog.init)
        defer { log?.flush() }
        let (ports, port) = AsyncStream<Int>.makeStream()
        let listener = QkronServer.listener(
            QkronResponder(
                table: RouteTable(routes), gate: gate, metrics: RequestMetrics(registry),
                policy: RequestPolicy(exposure), log: log, logger: logger),
            ServerConfiguration(
                host: "127.0.0.1", port: 0, version: "0", readTimeout: readTimeout,
                headerTimeout: headerTimeout, exposure: exposure),
            handover: SocketHandover(), logger: logger, onListening: { port.yield($0) })
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await listener.run() }
            var first = ports.makeAsyncIterator()
            guard let number = await first.next() else { throw CancellationError() }
            defer { group.cancelAll() }
            return try await body(TestServer(port: number, registry: registry))
        }
    }

    /// Sends bytes on a new connection, and answers all that comes back until the server closes it.
    func exchange(_ request: [UInt8]) async -> RawAnswer {
        let port = port
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: RawAnswer(to: request, port: port)) }
        }
    }

    /// Sends one request that asks for the connection to be closed after it.
    func send(
        _ method: String, _ path: String, _ headers: [String] = [], body: String? = nil
    ) async -> RawAnswer {
        var lines = ["\(method) /api/v1\(path) HTTP/1.1", "Host: x", "Connection: close"] + headers
        if let body { lines.append("Content-Length: \(body.utf8.count)") }
        return await exchange(Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")).utf8))
    }
}

extension TestServer {
    /// Sends a text byte by byte, with a pause after each, until the server has hung up; how many bytes were sent. A
    /// request before it makes sure that the connection is served by then.
    func drip(_ text: String, after head: String = "") async -> Int {
        let port = port
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                let descriptor = RawAnswer.connectAndAsk(port)
                defer { close(descriptor) }
                func send(_ bytes: [UInt8]) -> Bool {
                    Foundation.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
                }
                var sent = 0
                if send(Array(head.utf8)) {
                    for byte in text.utf8 {
                        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                        guard Foundation.poll(&poll, 1, 50) == 0, send([byte]) else { break }
                        sent += 1
                    }
                }
                continuation.resume(returning: sent)
            }
        }
    }

    /// Connections on which one request was answered each; the caller closes them.
    func connections(_ count: Int) async -> [Int32] {
        let port = port
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(returning: (0..<count).map { _ in RawAnswer.connectAndAsk(port) })
            }
        }
    }
}

/// What came back on a connection.
struct RawAnswer: Sendable {
    let text: String

    var status: Int { Int(text.dropFirst(9).prefix(3)) ?? 0 }

    /// Of all answers.
    var statuses: [String] { text.components(separatedBy: "HTTP/1.1 ").dropFirst().map { String($0.prefix(3)) } }

    var body: String {
        guard let gap = text.range(of: "\r\n\r\n") else { return "" }
        return String(text[gap.upperBound...])
    }

    var json: [TextKey: JSONValue] {
        guard case .object(let members)? = try? JSONValue.parse(body.utf8) else { return [:] }
        return members
    }

    func header(_ name: String) -> String? {
        let prefix = name.lowercased() + ": "
        let line = text.components(separatedBy: "\r\n").first { $0.lowercased().hasPrefix(prefix) }
        return line.map { String($0.dropFirst(prefix.count)) }
    }

    /// Blocks until the server closes the connection, for 20 s at most.
    init(to request: [UInt8], port: Int) {
        let descriptor = Self.connect(to: port)
        defer { close(descriptor) }
        var sent = 0
        while sent < request.count {
            let count = request[sent...].withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { break }
            sent += count
        }
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count <= 0 { break }
            received += buffer[..<count]
        }
        text = String(decoding: received, as: UTF8.self)
    }

    /// A connection on which one request was answered.
    fileprivate static func connectAndAsk(_ port: Int) -> Int32 {
        let request = Array("GET /live HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
        let descriptor = connect(to: port)
        var buffer = [UInt8](repeating: 0, count: 1_000)
        _ = send(descriptor, request, request.count, Int32(MSG_NOSIGNAL))
        _ = recv(descriptor, &buffer, buffer.count, 0)
        return descriptor
    }

    /// A connection that waits 20 s at most.
    fileprivate static func connect(to port: Int) -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Foundation.connect(descriptor, $0, size) }
        }
        return descriptor
    }
}
