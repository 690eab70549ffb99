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

        /// Takes minutes to bring into normal form, and answers come within the 30 s that a connection waits.
        private static let marks = "a" + String(repeating: "\u{301}\u{316}", count: 250_000)

        @Test(
            arguments: [
                ("/auth/login", #"{"username":"…","password":"correct horse"}"#, "401 invalid_credentials"),
                ("/auth/login", #"{"username":"nobody","password":"…"}"#, "401 invalid_credentials"),
                ("/auth/login", #"{"…":1,"username":"nobody","password":"x"}"#, "401 invalid_credentials"),
                (
                    "/auth/register", #"{"username":"…","email":"a@b.org","password":"12345678"}"#,
                    "422 validation_failed"
                ),
                ("/auth/register", #"{"username":"a@b","email":"…","password":"12345678"}"#, "422 validation_failed"),
                ("/auth/register", #"{"username":"abc","email":"a@b.org","password":"…"}"#, "422 validation_failed"),
                ("/auth/register", #"["…"]"#, "422 validation_failed"),
                ("/auth/register", #"{"…"}"#, "400 malformed_json"),
                ("/tasks", #"{"name":"…"}"#, "422 validation_failed"), ("/tasks", #"{"…":0}"#, "422 validation_failed"),
                ("/tasks", #"{"overlap_policy":"…"}"#, "422 validation_failed"),
                ("/tasks", #"{"env":{"…":"x"}}"#, "422 validation_failed"),
                ("/tasks", #"{"command":"…"}"#, "422 validation_failed"),
                ("/tasks", #"{"working_directory":"…"}"#, "422 validation_failed"),
                ("/tasks", #"{"tags":["…"]}"#, "422 validation_failed"),
                ("/tasks", #"{"command":"true","name":"x","schedule":"@yearly","metadata_info":{"…":0}}"#, "201"),
                ("/schedules/preview", #"{"schedule_type":"…","schedule":"…"}"#, "422 validation_failed"),
            ])
        func `a mebibyte that takes long to compare costs no more than another`(
            path: String, template: String, verdict: String
        ) async throws {
            let person = try await server.newcomer()
            let parts = template.components(separatedBy: "…")
            let marks = String(Self.marks.unicodeScalars.prefix(500_000 / (parts.count - 1)))
            let headers = [("Authorization", "Bearer \(person.token)"), ("Content-Type", "application/json")]
            let body = Array(parts.joined(separator: marks).utf8)
            #expect(body.count > 900_000)
            #expect(try await server.send("POST", "/api/v1\(path)", headers: headers, body: body).verdict == verdict)
        }

        @Test func `a form and a query that take long to compare cost no more than others`() async throws {
            let form = [("Content-Type", "application/x-www-form-urlencoded")]
            let half = String(Self.marks.unicodeScalars.prefix(250_000))
            let body = Array("username=\(half)&password=x&\(half)=1".utf8)
            let login = try await server.send("POST", "/api/v1/auth/login", headers: form, body: body)
            #expect(login.verdict == "401 invalid_credentials")
            let person = try await server.newcomer()
            let encoded = String(repeating: "%CC%81%CC%96", count: 1_200)
            for query in ["a\(encoded)=1&a=\(encoded)", "tag=a\(encoded)"] {
                #expect(try await person.call("GET", "/tasks?\(query)").verdict == "200")
            }
            for name in ["status", "task_type", "is_active", "page", "owner_id", "q"] {
                let answer = try await person.call("GET", "/tasks?\(name)=a\(encoded)")
                #expect(answer.faultyPlaces == ["query.\(name)"])
            }
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
