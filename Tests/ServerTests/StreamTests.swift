import Foundation
import Synchronization
import Testing

@testable import Server

@Suite struct StreamTests {
    @Test func `a body in pieces is chunked, and the next request answered after it`() async throws {
        try await TestServer.with { server in
            let requests = ["/pieces", "/open"].map { "GET /api/v1\($0) HTTP/1.1\r\nHost: x\r\n" }
            let answer = await server.exchange(
                Array((requests[0] + "\r\n" + requests[1] + "Connection: close\r\n\r\n").utf8))
            #expect(answer.statuses == ["200", "200"])
            #expect(answer.header("Transfer-Encoding") == "chunked")
            #expect(answer.text.contains("\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\nHTTP/1.1 200"))
            #expect(answer.text.hasSuffix("{\"known\":false}"))
        }
    }

    @Test func `for HTTP 1.0 the end of the connection is that of the body`() async throws {
        try await TestServer.with { server in
            let answer = await server.exchange(
                Array("GET /api/v1/pieces HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".utf8))
            #expect(answer.body == "onetwo" && answer.header("Transfer-Encoding") == nil)
        }
    }

    @Test func `to HEAD only the head is answered`() async throws {
        try await TestServer.with { server in
            let answer = await server.send("HEAD", "/pieces")
            #expect(answer.status == 200 && answer.body == "" && answer.header("Content-Length") == nil)
        }
    }

    @Test func `who does not read is sent no more, and is hung up on after a while`() async throws {
        try await TestServer.with(readTimeout: 1) { server in
            let before = TestServer.floodsEnded.load(ordering: .relaxed)
            let socket = try #require(Self.flood(from: server.port))
            defer { close(socket) }
            let deadline = ContinuousClock.now + .seconds(60)
            while TestServer.floodsEnded.load(ordering: .relaxed) == before, ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(TestServer.floodsEnded.load(ordering: .relaxed) == before + 1)
            // What the kernels hold, and a piece or two.
            #expect(TestServer.flooded.load(ordering: .relaxed) < 1_000)
        }
    }

    /// A connection that asks for a flood and never reads.
    private static func flood(from port: Int) -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
        }
        guard connected == 0 else { return nil }
        let request = Array("GET /api/v1/flood HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
        return send(descriptor, request, request.count, 0) == request.count ? descriptor : nil
    }
}
