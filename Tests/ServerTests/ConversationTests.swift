import Domain
import Foundation
import Telemetry
import Testing

@testable import Server

@Test func `unknown paths and methods are problems without asking for credentials`() async throws {
    try await TestServer.with { server in
        let nothing = await server.send("GET", "/nothing", ["Authorization: Bearer wrong"])
        #expect(nothing.status == 404)
        #expect(nothing.json["error_code"] == "route_not_found")
        #expect(nothing.header("content-type") == "application/problem+json")
        let method = await server.send("DELETE", "/any")
        #expect(method.status == 405)
        #expect(method.header("allow") == "GET, HEAD, OPTIONS")
        let options = await server.send("OPTIONS", "/any/")
        #expect(options.status == 204)
        #expect(options.header("allow") == "GET, HEAD, OPTIONS")
        #expect(options.body.isEmpty)
    }
}

@Test func `HEAD answers as GET without the body`() async throws {
    try await TestServer.with { server in
        let get = await server.send("GET", "/open")
        let head = await server.send("HEAD", "/open")
        #expect(head.status == 200)
        #expect(head.header("content-length") == "\(get.body.utf8.count)")
        #expect(head.body.isEmpty)
    }
}

@Test func `credentials are judged as the route says`() async throws {
    try await TestServer.with { server in
        func status(_ path: String, _ headers: String...) async -> String {
            let answer = await server.send("GET", path, headers)
            if answer.status == 401 { #expect(answer.header("www-authenticate") == "Bearer") }
            guard case .string(let code)? = answer.json["error_code"] else { return "\(answer.status)" }
            return "\(answer.status) \(code)"
        }
        #expect(await status("/open", "Authorization: Bearer wrong") == "200")
        #expect(await status("/anonymous") == "200")
        #expect(await status("/anonymous", "Authorization: Bearer wrong") == "401 invalid_token")
        #expect(await status("/any") == "401 not_authenticated")
        #expect(await status("/any", "Authorization: Basic eDp5") == "401 invalid_token")
        #expect(await status("/any", "Authorization: Bearer") == "401 invalid_token")
        #expect(await status("/any", "Authorization: Bearer a b") == "401 invalid_token")
        #expect(await status("/any", "X-API-Key: k") == "401 invalid_api_key")
        #expect(await status("/any", "X-API-Key: k", "Authorization: bEaReR person") == "200")
        #expect(await status("/super", "Authorization: Bearer person") == "403 role_required")
        #expect(await status("/super", "Authorization: Bearer super") == "200")
    }
}

@Test func `who asks first whether a body is wanted is told`() async throws {
    try await TestServer.with { server in
        func text(_ length: Int) async -> String {
            let head = "POST /api/v1/form HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-Continue\r\n"
            let fields = "Content-Type: application/json\r\nContent-Length: \(length)\r\n\r\n"
            let bytes = Array((head + fields + "{}").utf8)
            return await server.exchange(bytes).text
        }
        #expect(await text(2).hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"))
        #expect(await text(2_000_000).hasPrefix("HTTP/1.1 413 "))
    }
}

@Test func `an API key opens what its scope names, and no more than its owner's role`() async throws {
    try await TestServer.with { server in
        func code(_ path: String, _ key: String) async -> String {
            let answer = await server.send("GET", path, ["X-API-Key: \(key)"])
            guard case .string(let code)? = answer.json["error_code"] else { return "\(answer.status)" }
            return code
        }
        for role in Role.allCases {
            #expect(await code("/scraped", "\(role) metrics") == "200", "\(role)")
            #expect(await code("/scraped", "\(role) tasks:read") == "scope_required", "\(role)")
            #expect(await code("/secret", "\(role) tasks:execute") == "200", "\(role)")
            #expect(await code("/secret", "\(role) tasks:write") == "scope_required", "\(role)")
            #expect(await code("/anonymous", "\(role) queue") == "200", "\(role)")
            #expect(await code("/any", "\(role) metrics") == "scope_required", "\(role)")
        }
        #expect(await code("/written", "viewer tasks:write") == "role_required")
        #expect(await code("/written", "user tasks:write") == "200")
        #expect(await code("/scraped", "service") == "200")
        #expect(await server.send("GET", "/scraped", ["Authorization: Bearer a.person.token"]).status == 403)
        #expect(await server.send("GET", "/scraped", ["Authorization: Bearer a.super.token"]).status == 200)
        // A key without points may come as a bearer, there alone.
        #expect(await server.send("GET", "/scraped", ["Authorization: Bearer service"]).status == 200)
        #expect(await server.send("GET", "/secret", ["Authorization: Bearer service"]).status == 401)
        #expect(await server.send("GET", "/scraped").status == 401)
    }
}

@Test func `bodies that cannot be used get the right status`() async throws {
    try await TestServer.with { server in
        func status(_ body: String, _ headers: String...) async -> Int {
            await server.send("POST", "/echo", ["Authorization: Bearer person"] + headers, body: body).status
        }
        #expect(await status(#"{"a": [1]}"#) == 201)
        #expect(await status("{}", "Content-Type: application/json; charset=latin1") == 201)
        #expect(await status("") == 400)
        #expect(await status("{") == 400)
        #expect(await status(String(repeating: "[", count: 70)) == 400)
        #expect(await status("[]") == 422)
        #expect(await status("{}", "Content-Type: text/plain") == 415)
        #expect(await status("a=b", "Content-Type: application/x-www-form-urlencoded") == 415)
        #expect(await server.send("POST", "/echo", body: "{").status == 401)
    }
}

@Test func `a form is taken where forms are`() async throws {
    try await TestServer.with { server in
        let form = ["Content-Type: application/x-www-form-urlencoded"]
        #expect(await server.send("POST", "/form", form, body: "a=b+c").json == ["a": "b c"])
        #expect(await server.send("POST", "/form", form, body: "a=%zz").status == 422)
        #expect(await server.send("POST", "/form", body: #"{"a":1}"#).json == ["a": 1])
    }
}

@Test func `a body over a mebibyte is refused, announced or chunked`() async throws {
    try await TestServer.with { server in
        let authorization = ["Authorization: Bearer person"]
        let large = String(repeating: " ", count: BodySource.limit + 1)
        #expect(await server.send("POST", "/echo", authorization, body: large).status == 413)
        let fitting = String(repeating: " ", count: BodySource.limit - 2) + "{}"
        #expect(await server.send("POST", "/echo", authorization, body: fitting).status == 201)
        let chunk = "10000\r\n" + String(repeating: " ", count: 65_536) + "\r\n"
        let chunked = String(repeating: chunk, count: 17) + "0\r\n\r\n"
        let head = "POST /api/v1/echo HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer person\r\n"
        let request = head + "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked
        #expect(await server.exchange(Array(request.utf8)).status == 413)
    }
}

@Test func `a refused body without an end is not read for ever`() async throws {
    try await TestServer.with { server in
        let head =
            "POST /api/v1/echo HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer person\r\nContent-Length: 99999999\r\n\r\n"
        let answer = await server.exchange(Array(head.utf8) + Array(repeating: 32, count: 40_000_000))
        // The answer may be lost when the server hangs up, the connection may not live on.
        #expect(answer.status == 413 || answer.text.isEmpty)
    }
}

@Test func `a request that stops in the middle is hung up on`() async throws {
    try await TestServer.with(readTimeout: 1) { server in
        // That both exchanges come to an end is what is tested.
        _ = await server.exchange(Array("GET /api/v1/open HTTP/1.1\r\nHos".utf8))
        _ = await server.exchange(
            Array("POST /api/v1/form HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{".utf8))
    }
}

@Test func `what is no HTTP gets a status and a closed connection`() async throws {
    try await TestServer.with { server in
        #expect(await server.send("GET", "/open", ["X: " + String(repeating: "x", count: 40_000)]).status == 431)
        #expect(await server.send("GET", "/open?" + String(repeating: "x", count: 40_000)).status == 431)
        let many = (0..<500).map { "X-\($0): " + String(repeating: "x", count: 100) }
        #expect(await server.send("GET", "/open", many).status == 431)
        #expect(await server.exchange(Array("NONSENSE\r\n\r\n".utf8)).status == 400)
    }
}

@Test(arguments: [("", 400), ("Host: x\r\nHost: x\r\n", 400), ("Host: x\r\n", 200), ("Host:\r\n", 200)])
func `a request names its host once`(fields: String, status: Int) async throws {
    try await TestServer.with { server in
        let request = "GET /api/v1/open HTTP/1.1\r\n\(fields)Connection: close\r\n\r\n"
        #expect(await server.exchange(Array(request.utf8)).status == status)
    }
}

@Test func `a method that nobody knows is refused as any other`() async throws {
    try await TestServer.with { server in
        let known = await server.send("BREW", "/any")
        #expect(known.status == 405 && known.json["error_code"] == "method_not_allowed")
        #expect(known.header("allow") == "GET, HEAD, OPTIONS" && known.header("x-request-id") != nil)
        #expect(known.header("content-type") == "application/problem+json")
        #expect(await server.send("BREW", "/nothing").json["error_code"] == "route_not_found")
        #expect(await server.exchange(Array("B(EW /api/v1/any HTTP/1.1\r\nHost: x\r\n\r\n".utf8)).status == 400)
    }
}

@Test func `a target that is not ASCII is no HTTP`() async throws {
    try await TestServer.with { server in
        let request = "GET /api/v1/open?\u{e9} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        #expect(await server.exchange(Array(request.utf8)).status == 400)
    }
}

@Test func `what follows a request without a host is not answered`() async throws {
    try await TestServer.with { server in
        let good = "GET /api/v1/open HTTP/1.1\r\nHost: x\r\n\r\n"
        let bad = "POST /api/v1/form HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"
        let answer = await server.exchange(Array((good + bad + good).utf8))
        #expect(answer.text.components(separatedBy: "HTTP/1.1 ").dropFirst().map { $0.prefix(3) } == ["200", "400"])
    }
}

@Test func `every fault of a path is told, and those of the body after them`() async throws {
    try await TestServer.with { server in
        let answer = await server.send("POST", "/rows/zz/parts/yy", body: #"{"name": 5}"#)
        #expect(answer.status == 422)
        guard case .array(let errors)? = answer.json["errors"] else {
            Issue.record("no errors in \(answer.text)")
            return
        }
        let places = errors.map { error -> JSONValue? in
            guard case .object(let members) = error else { return nil }
            return members["loc"]
        }
        #expect(places == [["path", "row_id"], ["path", "part_id"], ["body", "name"]])
        #expect(await server.send("POST", "/rows/zz/parts/yy", body: "{").status == 422)
    }
}

@Test func `a caller's request id is taken over when it is sound`() async throws {
    try await TestServer.with { server in
        let taken = await server.send("GET", "/nothing", ["X-Request-ID: abc-1.2_Z"])
        #expect(taken.header("x-request-id") == "abc-1.2_Z")
        #expect(taken.json["request_id"] == "abc-1.2_Z")
        let made = await server.send("GET", "/open", ["X-Request-ID: a b"])
        #expect(made.header("x-request-id")?.utf8.count == 36)
    }
}

@Test func `ids in a path must be UUIDs`() async throws {
    try await TestServer.with { server in
        for path in ["/rows/5", "/rows/%00", "/rows/%FF", "/rows/%zz"] {
            let answer = await server.send("POST", path)
            #expect(answer.status == 422)
            guard case .array(let errors)? = answer.json["errors"], case .object(let error)? = errors.first else {
                Issue.record("no errors in \(answer.text)")
                return
            }
            #expect(error["loc"] == ["path", "row_id"])
        }
    }
}

@Test func `our own faults say nothing, and requests are counted by route`() async throws {
    try await TestServer.with { server in
        let broken = await server.send("GET", "/broken")
        #expect(broken.status == 500)
        #expect(!broken.text.contains("Cocoa"))
        #expect(await server.send("DELETE", "/gone").status == 204)
        _ = await server.send("GET", "/nothing/secret")
        let text = server.registry.exposition()
        #expect(text.contains(#"qkron_http_requests_total{method="GET",route="/api/v1/broken",status="500"} 1"#))
        #expect(text.contains(#"qkron_http_requests_total{method="GET",route="unknown",status="404"} 1"#))
        #expect(!text.contains("secret"))
    }
}

@Test func `a connection is kept for the next request`() async throws {
    try await TestServer.with { server in
        let first = "POST /api/v1/form HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
        let second = "GET /api/v1/open HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        let answer = await server.exchange(Array((first + second).utf8))
        #expect(answer.text.components(separatedBy: "HTTP/1.1 200").count == 3)
    }
}

@Test(
    .timeLimit(.minutes(1)),
    arguments: ["GET /live HTTP/1.0\r\n\r\n", "GET /api/v1/open HTTP/1.1\r\nHost: x\r\nConnection: Close\r\n\r\n"])
func `a client that wants the connection closed need not wait`(request: String) async throws {
    try await TestServer.with { server in
        #expect(await server.exchange(Array(request.utf8)).status > 0)
    }
}

@Test func `requests sent at once are answered in their order`() async throws {
    try await TestServer.with { server in
        let head = "POST /api/v1/form HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n\r\n"
        let numbers = (0..<200).map { $0 % 10 }
        let last = "GET /api/v1/open HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nno HTTP\r\n\r\n"
        let answer = await server.exchange(Array((numbers.map { "\(head){\"n\":\($0)}" }.joined() + last).utf8))
        let parts = answer.text.components(separatedBy: "{\"n\":").dropFirst()
        #expect(parts.compactMap { $0.first?.wholeNumberValue } == numbers)
        #expect(answer.text.components(separatedBy: "HTTP/1.1 200").count == 202)
        #expect(!answer.text.contains("HTTP/1.1 400"))
    }
}

@Test func `a refusal waits for the answers before it`() async throws {
    try await TestServer.with { server in
        let good = "GET /api/v1/open HTTP/1.1\r\nHost: x\r\n\r\n"
        let answer = await server.exchange(Array((good + good + "NONSENSE\r\n\r\n").utf8))
        #expect(answer.statuses == ["200", "200", "400"])
    }
}

@Test func `a body that is none is answered once`() async throws {
    try await TestServer.with { server in
        let head = "POST /api/v1/form HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(await server.exchange(Array((head + "zz\r\n").utf8)).statuses == ["400"])
    }
}

@Test func `a target may name the server`() async throws {
    try await TestServer.with { server in
        let request = "GET http://x/api/v1/open?a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        #expect(await server.exchange(Array(request.utf8)).status == 200)
    }
}
