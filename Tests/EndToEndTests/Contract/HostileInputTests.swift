import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    /// Whatever a client sends, the server answers below 500 or closes the connection, and goes on serving others.
    @Suite struct HostileInputTests {
        let server: QkronServer

        init() throws { server = try Stage.current.server }

        private func answer(to text: String, thenFinish: Bool = true) async throws -> HTTPResponse? {
            let connection = try Connection(port: await server.port)
            await connection.send(Array(text.utf8))
            if thenFinish { connection.finishSending() }
            return try await connection.response()
        }

        @Test(arguments: [
            "rubbish\r\n\r\n", "\r\n\r\n\r\n", "GET\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
            "\u{0}\u{0}\u{0}",
            "GET / HTTP/1.1\r\nno colon here\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\n: empty\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nX: a\u{0}b\r\n\r\n", "GET /\u{0} HTTP/1.1\r\nHost: x\r\n\r\n",
            "POST /api/v1/tasks HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
            "POST /api/v1/tasks HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
            "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
            "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n",
            "CONNECT evil:80 HTTP/1.1\r\nHost: x\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        ])
        func `broken HTTP is answered below 500 or not at all`(text: String) async throws {
            if let answer = try await answer(to: text) {
                #expect((200..<500).contains(answer.status), "\(answer)")
            }
            #expect(try await server.send("GET", "/live").status == 200)
        }

        @Test(arguments: [
            "GET / HTTP/1.1\r\nHost: x",
            "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{\"user",
        ])
        func `a client that stops half-way is let go`(text: String) async throws {
            if let answer = try await answer(to: text) {
                #expect((200..<500).contains(answer.status), "\(answer)")
            }
        }

        @Test func `headers over 32 KiB are too large`() async throws {
            let large = String(repeating: "h", count: 40_000)
            let header = try await server.send("GET", "/health", headers: [("X-Large", large)])
            #expect(header.status == 431)
            let many = (0..<3_000).map { ("X-Header-\($0)", "some value") }
            #expect(try await server.send("GET", "/health", headers: many).status == 431)
            let path = try await server.send("GET", "/api/v1/tasks?q=\(large)")
            #expect(path.status == 431)
            let fits = try await server.send("GET", "/health", headers: [("X-Fits", String(large.prefix(20_000)))])
            #expect(fits.verdict == "200")
        }

        @Test(arguments: [
            "/api/v1/tasks/%00", "/api/v1/tasks/%FF%FE", "/api/v1/tasks/%zz", "/api/v1/tasks/%",
            "/api/v1/tasks/..%2f..%2fetc",
            "/api/v1/tasks/'%20OR%201=1--", "/api/v1/tasks/01900000-0000-7000-8000-00000000000g",
            "/api/v1/tasks/%F0%9F%A6%89",
            "/api/v1/tasks/0190000000007000800000000000000000000000",
        ])
        func `a hostile path is refused as a value`(path: String) async throws {
            let person = try await server.newcomer()
            let answer = try await server.send("GET", path, headers: [("Authorization", "Bearer \(person.token)")])
            #expect(["422 validation_failed", "400 malformed_json"].contains(answer.verdict), "\(answer)")
        }

        @Test(arguments: [
            "?page=9223372036854775807", "?page=9223372036854775808", "?page=1e5", "?skip=999999999999", "?q=%00",
            "?%00=1",
            "?q=%F0%28%8C%28", "?tag=%00", "?status[]=x", "?&&&==&=", "?q=%", "?limit=0x10", "?owner_id=x",
            "?page=%2B1", "?page=%EF%BC%91",
        ])
        func `a hostile query never answers 5xx`(query: String) async throws {
            let person = try await server.newcomer()
            let answer = try await person.call("GET", "/tasks\(query)")
            #expect(answer.status == 200 || answer.verdict.hasPrefix("4"), "\(answer)")
            #expect(!answer.verdict.contains("without") && !answer.verdict.contains("no problem"), "\(answer.verdict)")
        }

        @Test func `texts that mean something to databases and shells are only texts`() async throws {
            let person = try await server.newcomer()
            for name in [
                "'; DROP TABLE qkron.tasks; --", "$1", "%s%n", "{{7*7}}", "<script>alert(1)</script>", "\\",
                "\u{202E}rtl",
            ] {
                let id = try await person.makeTask(["name": .string(name), "tags": [.string(name)]])
                #expect(try await person.get("/tasks/\(id)")["name"] == .string(name))
            }
        }

        @Test func `many slow connections do not keep others out`() async throws {
            let port = await server.port
            let connections = try (0..<100).map { _ in try Connection(port: port) }
            for connection in connections { await connection.send(Array("GET /health HTTP/1.1\r\nHost:".utf8)) }
            #expect(try await server.send("GET", "/live").status == 200)
            withExtendedLifetime(connections) {}
        }
    }
}
