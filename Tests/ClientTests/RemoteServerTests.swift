import Domain
import Foundation
import NIOCore
import Testing

@testable import Client

@Suite struct RemoteServerTests {
    private static let node = """
        {"id": "01900000-0000-7000-8000-000000000001", "name": "a", "version": "1", "labels": ["gpu"], \
        "status": "resting", "running": 2, "capacity": 64, "started_at": "s", "last_seen_at": "l", "new": 5}
        """

    private func remote(_ server: CannedServer, prefix: String = "") throws -> RemoteServer {
        try RemoteServer(at: try ServerAddress("http://127.0.0.1:\(server.port)\(prefix)"), as: .token("secret"))
    }

    private func failure(_ body: () async throws(ClientError) -> some Any) async -> ClientError? {
        do {
            _ = try await body()
            return nil
        } catch {
            return error
        }
    }

    @Test func `a question carries the token, and servers are read as they are told`() async throws {
        let server = try CannedServer(CannedServer.answer("200 OK", "[\(Self.node)]"))
        let nodes = try await remote(server, prefix: "/behind/").nodes()
        #expect(nodes.map(\.name) == ["a"] && nodes[0].labels == ["gpu"] && nodes[0].running == 2)
        #expect(nodes[0].status == "resting", "a word of a newer version")
        guard case .object(let members) = nodes[0].json else { throw CocoaError(.coderInvalidValue) }
        #expect(members["new"] == 5)
        let request = try #require(server.requests.first)
        #expect(request.hasPrefix("GET /behind/api/v1/nodes HTTP/1.1\r\n"))
        #expect(request.contains("\r\nAuthorization: Bearer secret\r\n"))
        #expect(request.contains("\r\nHost: 127.0.0.1:\(server.port)\r\n"))
    }

    @Test func `a login sends name and password in the body, and its token from then on`() async throws {
        let server = try CannedServer(
            CannedServer.answer("200 OK", #"{"access_token": "t.o.k", "token_type": "bearer"}"#),
            CannedServer.answer("202 Accepted", #"{"message": "Done.", "id": "x"}"#))
        let address = try ServerAddress("http://127.0.0.1:\(server.port)")
        let person = try await RemoteServer(at: address).loggedIn(as: "a\"b", password: "ö")
        let id = Identifier<Node>()
        #expect(try await person.drain(id).text == "Done.")
        let requests = server.requests
        #expect(requests[0].hasPrefix("POST /api/v1/auth/login HTTP/1.1\r\n") && !requests[0].contains("Authorization"))
        #expect(requests[0].hasSuffix(#"{"password":"ö","username":"a\"b"}"#))
        #expect(requests[1].hasPrefix("POST /api/v1/nodes/\(id)/drain HTTP/1.1\r\n"))
        #expect(requests[1].contains("\r\nAuthorization: Bearer t.o.k\r\n"))
    }

    @Test func `a problem becomes its sentence`() async throws {
        let problem = #"{"title": "Not found", "status": 404, "detail": "There is no server of this id."}"#
        let server = try CannedServer(
            CannedServer.answer("404 Not Found", type: "application/problem+json; charset=utf-8", problem))
        let remote = try remote(server)
        let error = await failure { () throws(ClientError) in try await remote.undrain(Identifier()) }
        #expect(error == .refused(Refusal(status: 404, "There is no server of this id.")))
        #expect(error?.description == "There is no server of this id.")
    }

    @Test(arguments: [
        CannedServer.answer("502 Bad Gateway", type: "text/html", "<h1>"), CannedServer.answer("200 OK", "{]"),
        CannedServer.answer("200 OK", "{}"), CannedServer.answer("200 OK", #"[{"id": "x"}]"#),
        CannedServer.answer("204 No Content", ""), "SSH-2.0-OpenSSH\r\n\r\n",
        CannedServer.answer("301 Moved Permanently", ""),
    ])
    func `what is no qkron is told so`(answer: String) async throws {
        let server = try CannedServer(answer)
        let remote = try remote(server)
        let error = await failure { () throws(ClientError) in try await remote.nodes() }
        guard case .strange = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.description.contains("127.0.0.1:\(server.port)") == true)
    }

    @Test func `a proxy that takes no more is told apart from what is no qkron`() async throws {
        let server = try CannedServer(CannedServer.answer("429 Too Many Requests", type: "text/html", "<h1>"))
        let remote = try remote(server)
        let error = await failure { () throws(ClientError) in try await remote.nodes() }
        #expect(error?.status == 429 && error?.description.contains("wait a minute") == true)
    }

    @Test(arguments: ["", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n[", "HTTP/1.1 200 OK\r\n"])
    func `a connection that ends too early is no answer`(answer: String) async throws {
        let remote = try remote(try CannedServer(answer))
        let error = await failure { () throws(ClientError) in try await remote.nodes() }
        guard case .unreachable(_, "it closed the connection without an answer") = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `a server that says nothing is not waited for for ever`() async throws {
        let server = try CannedServer()
        let address = try ServerAddress("http://127.0.0.1:\(server.port)")
        let question = HTTPQuestion(method: .get, path: "/nodes", credential: .nobody, body: nil)
        let error = await failure { () throws(ClientError) in
            try await HTTPExchange.answer(
                to: question, from: address, Security(of: address, authorities: nil), patience: .seconds(1))
        }
        #expect(error == .unreachable(address, "it said nothing for 1 s"))
    }

    @Test func `where nobody listens, or no such host is, the reason is told`() async throws {
        // Port 1 is nobody's.
        let nobody = try RemoteServer(at: try ServerAddress("http://127.0.0.1:1"))
        let refused = await failure { () throws(ClientError) in try await nobody.nodes() }
        #expect(refused?.description == "The server at http://127.0.0.1:1 cannot be reached: connection refused.")
        let nowhere = try RemoteServer(at: try ServerAddress("http://no-such-host.invalid:8000"))
        let unknown = await failure { () throws(ClientError) in try await nowhere.nodes() }
        #expect(
            unknown?.description.contains("there is no host of this name") == true, "\(String(describing: unknown))")
    }
}
