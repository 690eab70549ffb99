import Domain
import Foundation
import Operations
import Telemetry
import Testing

@testable import Server

/// What holds for every request, over a socket.
@Suite struct ExposureTests {
    private func exposure(_ change: (inout ServerConfiguration.Exposure) -> Void) -> ServerConfiguration.Exposure {
        var exposure = ServerConfiguration.Exposure()
        change(&exposure)
        return exposure
    }

    @Test func `too many requests of one principal wait, probes and others do not`() async throws {
        try await TestServer.with(exposure: exposure { $0.rateLimit = 3 }) { server in
            let person = ["Authorization: Bearer person"]
            for _ in 0..<3 { #expect(await server.send("GET", "/any", person).status == 200) }
            let refused = await server.send("POST", "/echo", person, body: "{}")
            #expect(refused.status == 429 && refused.json["error_code"] == "rate_limited")
            #expect((1...60).contains(refused.header("retry-after").flatMap(Int.init) ?? 0))
            #expect(await server.send("GET", "/any", ["Authorization: Bearer super"]).status == 200)
            for _ in 0..<5 { #expect(await server.send("GET", "/probe").status == 200) }
            // Nobody known, whatever is asked, is counted by address.
            #expect(await server.send("GET", "/any").status == 401)
            #expect(await server.send("GET", "/any", ["Authorization: Bearer wrong"]).status == 401)
            #expect(await server.send("GET", "/nothing").status == 404)
            #expect(await server.send("GET", "/any", ["Authorization: Bearer wrong"]).status == 429)
            #expect(await server.send("OPTIONS", "/any").status == 429)
            #expect(await server.send("POST", "/login").status == 200)
        }
    }

    @Test func `the description is limited, and so is who is turned away from the metrics; a scrape is not`()
        async throws
    {
        let routes = QkronServer.routes(
            try .unconnected(), ServerConfiguration(host: "", port: 0, version: "", metricsRequireAuth: true),
            PrometheusRegistry())
        for path in ["/openapi.json", "/api/v1/openapi.json", "/docs", "/redoc", "/docs/assets/none", "/metrics"] {
            try await TestServer.with(routes: routes, exposure: exposure { $0.rateLimit = 2 }) { server in
                func get(_ path: String, _ headers: String = "") async -> Int {
                    await server.exchange(
                        Array("GET \(path) HTTP/1.1\r\nHost: x\r\n\(headers)Connection: close\r\n\r\n".utf8)
                    ).status
                }
                for _ in 0..<2 { #expect(await get(path) != 429, "\(path)") }
                #expect(await get(path) == 429, "\(path)")
                for _ in 0..<3 {
                    #expect(await get("/live") == 200)
                    #expect(await get("/metrics", "Authorization: Bearer a.super.token\r\n") == 200)
                }
            }
        }
    }

    @Test func `logins are limited for each address, as a trusted proxy tells it`() async throws {
        let exposure = exposure {
            $0.loginRateLimit = 2
            $0.trustedProxies = ["127.0.0.0/8", "10.0.0.0/8"].compactMap(IPRange.init)
        }
        try await TestServer.with(exposure: exposure) { server in
            func logIn(_ forwarded: String...) async -> RawAnswer {
                await server.send("POST", "/login", forwarded.map { "X-Forwarded-For: \($0)" })
            }
            #expect(await logIn("192.0.2.1").json == ["from": "192.0.2.1"])
            #expect(await logIn("203.0.113.9, 192.0.2.1").json == ["from": "192.0.2.1"])
            #expect(await logIn("192.0.2.1, 10.1.1.1").status == 429)
            #expect(await logIn("203.0.113.9", "192.0.2.1").status == 429)
            #expect(await logIn("192.0.2.2").status == 200)
            #expect(await logIn("2001:db8::1").status == 200)
            #expect(await logIn("[2001:db8::2]:99").status == 200)
            #expect(await logIn("2001:db8::3").status == 429)
            #expect(await logIn("192.0.2.7:1234").json == ["from": "192.0.2.7"])
            #expect(await logIn("192.0.2.8, unknown, 10.0.0.2").json == ["from": "10.0.0.2"])
            #expect(await logIn().json == ["from": "127.0.0.1"])
        }
    }

    @Test func `nobody is believed who is not trusted`() async throws {
        try await TestServer.with(exposure: exposure { $0.trustedProxies = [IPRange("10.0.0.0/8")].compactMap(\.self) })
        {
            server in
            let headers = ["X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https"]
            let answer = await server.send("POST", "/login", headers)
            #expect(answer.json == ["from": "127.0.0.1"])
            #expect(answer.header("strict-transport-security") == nil)
        }
    }

    @Test func `a trusted proxy tells of https, and so does the public address`() async throws {
        let proxies = exposure { $0.trustedProxies = [IPRange("127.0.0.1")].compactMap(\.self) }
        try await TestServer.with(exposure: proxies) { server in
            let name = "strict-transport-security"
            #expect(await server.send("GET", "/open", ["X-Forwarded-Proto: https"]).header(name) == "max-age=31536000")
            #expect(await server.send("GET", "/open", ["X-Forwarded-Proto: https, http"]).header(name) == nil)
            #expect(await server.send("GET", "/open").header(name) == nil)
        }
        try await TestServer.with(exposure: exposure { $0.publicURL = "https://qkron.example.org" }) { server in
            #expect(await server.send("GET", "/nothing").header("strict-transport-security") != nil)
        }
    }

    @Test func `scripts of configured origins may read answers, of others not`() async throws {
        let origins = ["http://localhost:3000", "https://app.example.org"]
        try await TestServer.with(exposure: exposure { $0.corsOrigins = origins }) { server in
            for (method, path) in [("GET", "/open"), ("GET", "/any"), ("GET", "/nothing"), ("OPTIONS", "/any")] {
                for origin in origins {
                    let answer = await server.send(method, path, ["Origin: \(origin)"])
                    #expect(answer.header("access-control-allow-origin") == origin)
                    #expect(answer.header("access-control-allow-credentials") == "true")
                    #expect(
                        answer.header("access-control-allow-methods")
                            == (method == "OPTIONS" ? "GET, HEAD, OPTIONS" : nil))
                    #expect(answer.header("vary") == "Origin")
                }
                for origin in [
                    "null", "http://localhost:3001", "https://app.example.org.evil.org", "*", "HTTP://LOCALHOST:3000",
                ] {
                    let answer = await server.send(method, path, ["Origin: \(origin)"])
                    #expect(!answer.text.lowercased().contains("access-control"), "\(origin)")
                    #expect(answer.header("vary") == "Origin")
                }
            }
            let preflight = await server.send(
                "OPTIONS", "/echo",
                [
                    "Origin: \(origins[1])", "Access-Control-Request-Method: POST",
                    "Access-Control-Request-Headers: x-api-key",
                ])
            #expect(preflight.status == 204 && preflight.header("access-control-allow-methods") == "OPTIONS, POST")
            for name in ["X-API-Key", "X-Webhook-Token", "Last-Event-ID"] {
                #expect(preflight.header("access-control-allow-headers")?.contains(name) == true)
            }
        }
    }

    @Test func `a page is protected, and every answer keeps its type`() async throws {
        try await TestServer.with { server in
            let page = await server.send("GET", "/page")
            #expect(page.header("content-type") == "text/html; charset=utf-8" && page.body == "<p>")
            #expect(page.header("content-security-policy") == "frame-ancestors 'none'")
            #expect(page.header("x-frame-options") == "DENY" && page.header("referrer-policy") == "same-origin")
            for answer in [page, await server.send("GET", "/open"), await server.send("GET", "/nothing")] {
                #expect(answer.header("x-content-type-options") == "nosniff")
            }
        }
    }

    @Test func `a header that is too large is a problem`() async throws {
        try await TestServer.with { server in
            let large = "X: " + String(repeating: "x", count: 40_000)
            let answer = await server.send("GET", "/open?a=1", [large])
            #expect(answer.status == 431 && answer.json["error_code"] == "headers_too_large")
            #expect(answer.json["instance"] == "/api/v1/open" && answer.header("connection") == "close")
            let query = await server.send("GET", "/open?a=" + String(repeating: "x", count: 40_000))
            #expect(query.status == 431 && query.json["instance"] == "/api/v1/open")
            let path = await server.send("GET", "/open" + String(repeating: "x", count: 40_000))
            #expect(path.status == 431 && path.json["instance"] == "/", "it has not come as a whole")
        }
    }

    @Test func `a header that comes drop by drop is hung up on, however often a drop comes`() async throws {
        try await TestServer.with(headerTimeout: 1) { server in
            let count = await server.drip("GET /api/v1/open HTTP/1.1\r\nX: " + String(repeating: "x", count: 200))
            #expect(count < 150)
        }
    }

    @Test func `a body that comes drop by drop is hung up on, however often a drop comes`() async throws {
        try await TestServer.with(readTimeout: 1) { server in
            let head = "POST /api/v1/form HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n"
            #expect(await server.drip(String(repeating: " ", count: 200), after: head) < 150)
        }
    }

    @Test func `of too many connections the last are closed, and room is given back`() async throws {
        try await TestServer.with(exposure: exposure { $0.connectionLimit = 8 }) { server in
            let idle = await server.connections(4)
            // Half of all are one address's, and they are taken.
            #expect(await server.send("GET", "/open").text.isEmpty)
            for socket in idle { close(socket) }
            let deadline = ContinuousClock.now + .seconds(10)
            while await server.send("GET", "/open").status != 200, .now < deadline {}
            #expect(await server.send("GET", "/open").status == 200)
        }
        let trusted = exposure {
            $0.connectionLimit = 8
            $0.trustedProxies = [IPRange("127.0.0.1")].compactMap(\.self)
        }
        try await TestServer.with(exposure: trusted) { server in
            let idle = await server.connections(6)
            #expect(await server.send("GET", "/open").status == 200, "a proxy has many clients")
            for socket in idle { close(socket) }
        }
    }
}

@Suite struct RateLimitTests {
    private let start = ContinuousClock.now

    private func isAdmitted(_ limit: RateLimit, _ client: RateLimit.Client, after seconds: Int) -> Bool {
        (try? limit.count(client, at: start + .seconds(seconds))) != nil
    }

    @Test func `a minute begins with the first request and ends after sixty seconds`() {
        let limit = RateLimit(2)
        let client = RateLimit.Client.address(IPAddress("192.0.2.1"))
        #expect([0, 59, 59].map { isAdmitted(limit, client, after: $0) } == [true, true, false])
        #expect([60, 61, 62].map { isAdmitted(limit, client, after: $0) } == [true, true, false])
        #expect(isAdmitted(limit, .address(IPAddress("192.0.2.2")), after: 62))
        #expect((0..<100).allSatisfy { _ in isAdmitted(RateLimit(0), client, after: 0) })
    }

    @Test func `no more clients are remembered than there is room for`() throws {
        let limit = RateLimit(1)
        for number in 0..<RateLimit.capacity {
            try limit.count(.account(Identifier()), at: start + .seconds(number < 40_000 ? 0 : 30))
        }
        // The next finds those of the first second over, and makes room without those of the last half minute.
        #expect(isAdmitted(limit, .service, after: 70))
        #expect(!isAdmitted(limit, .service, after: 71))
        #expect(limit.remembered == 10_001)
    }
}
