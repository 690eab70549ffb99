import Domain
import Testing

@testable import Client

@Suite struct TaskTests {
    private static let id = "01900000-0000-7000-8000-000000000001"
    private static let ended = """
        {"id": "\(id)", "task_id": "\(id)", "status": "failed", "stdout": "out", "stderr": "err", "error": "Exit code: 3"}
        """

    private func remote(_ server: CannedServer) throws -> RemoteServer {
        try RemoteServer(at: try ServerAddress("http://127.0.0.1:\(server.port)"), as: .key("k"))
    }

    private func problem(_ status: String, _ code: String) -> String {
        CannedServer.answer(
            status, type: "application/problem+json", #"{"detail": "No.", "error_code": "\#(code)", "status": 404}"#)
    }

    private func stream(_ text: String) -> String {
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n\(text)"
    }

    @Test func `a list is asked for with its filter, by key, and read to its end`() async throws {
        let server = try CannedServer(
            CannedServer.answer("200 OK", #"[{"id": "\#(Self.id)", "name": "a", "tags": ["x"]}]"#))
        let tasks = try await remote(server).tasks([Query("q", "a&b ö"), Query("tag", "x")], upTo: 5)
        #expect(tasks.map(\.name) == ["a"] && tasks[0].texts("tags") == ["x"])
        let request = try #require(server.requests.first)
        #expect(request.hasPrefix("GET /api/v1/tasks?q=a%26b%20%C3%B6&tag=x&skip=0&limit=5 HTTP/1.1\r\n"))
        #expect(request.contains("\r\nX-API-Key: k\r\n") && !request.contains("Authorization"))
    }

    @Test func `a refusal tells each fault with its place`() async throws {
        let body = """
            {"detail": "body.name: is missing (and 1 more)", "error_code": "validation_failed", "errors": [
            {"loc": ["body", "name"], "msg": "is missing", "type": "missing"},
            {"loc": ["body", "tags", 0], "msg": "too long", "type": "x"}]}
            """
        let server = try CannedServer(
            CannedServer.answer("422 Unprocessable Content", type: "application/problem+json", body))
        let remote = try remote(server)
        let error = await #expect(throws: ClientError.self) { try await remote.makeTask([:]) }
        #expect(error?.status == 422 && error?.description == "name: is missing\ntags.0: too long")
        #expect(server.requests.first?.hasPrefix("POST /api/v1/tasks HTTP/1.1\r\n") == true)
    }

    @Test func `output is followed through a broken stream, from where it broke off, to its end`() async throws {
        let first =
            "id: 1\nevent: stdout\ndata: {\"offset\": 0, \"text\": \"a\\n\"}\n\n: comment\n\nid: 2\r\nevent: std"
        let second = "id: 3\nevent: stderr\ndata: {\"text\": \"b\"}\n\nid: 4\nevent: end\ndata: {}\n\n"
        // Meanwhile it starts anew.
        let server = try CannedServer(
            stream(first), problem("503 Service Unavailable", "not_ready"), stream(second),
            CannedServer.answer("200 OK", Self.ended))
        let id = try #require(Identifier<Execution>(Self.id))
        let task = try #require(Identifier<TaskDefinition>(Self.id))
        var pieces: [String] = []
        let execution = try await remote(server).follow(id, of: task) { pieces.append("\($0.isError) \($0.text)") }
        #expect(pieces == ["false a\n", "true b"])
        #expect(execution.status == "failed" && execution.hasEnded)
        for request in server.requests[1...2] {
            #expect(request.contains("\r\nLast-Event-ID: 1\r\n"), "the second event never came whole")
        }
        #expect(!server.requests[0].contains("Last-Event-ID"))
    }

    @Test func `a server without streams is asked until the run ends`() async throws {
        let running = Self.ended.replacing("failed", with: "running")
        let server = try CannedServer(
            problem("404 Not Found", "route_not_found"), CannedServer.answer("200 OK", running),
            CannedServer.answer("200 OK", Self.ended))
        let id = try #require(Identifier<Execution>(Self.id))
        let task = try #require(Identifier<TaskDefinition>(Self.id))
        var pieces: [String] = []
        _ = try await remote(server).follow(id, of: task) { pieces.append("\($0.isError) \($0.text)") }
        #expect(pieces == ["false out", "true err"] && server.requests.count == 3)
    }

    @Test func `an execution that is not there is no stream to wait for`() async throws {
        let server = try CannedServer(problem("404 Not Found", "not_found"))
        let id = try #require(Identifier<Execution>(Self.id))
        let task = try #require(Identifier<TaskDefinition>(Self.id))
        let remote = try remote(server)
        let error = await #expect(throws: ClientError.self) { try await remote.follow(id, of: task) { _ in } }
        #expect(error?.status == 404)
    }

    @Test func `events are read from whatever pieces they come in`() {
        let text = "data: a\ndata:b\n\nevent: x\rid: 7\rdata: é\r\r: hello\r\nretry: 5\r\n\r\ndata: last\r\n\r\n"
        let expected = [
            ServerEvent(name: "message", data: "a\nb"), ServerEvent(name: "x", data: "é", id: "7"),
            ServerEvent(name: "message", data: "last", id: "7"),
        ]
        for size in 1...7 {
            var reader = ServerEventReader()
            var events: [ServerEvent] = []
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                events += reader.read(rest.prefix(size))
                rest = rest.dropFirst(size)
            }
            #expect(events == expected, "in pieces of \(size)")
        }
    }
}
