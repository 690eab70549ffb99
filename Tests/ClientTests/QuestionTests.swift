import Domain
import Testing

@testable import Client

/// What is asked beside tasks and servers, and how the answers are read.
@Suite struct QuestionTests {
    private static let id = "01900000-0000-7000-8000-000000000001"

    private func remote(_ server: CannedServer) throws -> RemoteServer {
        try RemoteServer(at: try ServerAddress("http://127.0.0.1:\(server.port)"), as: .key("k"))
    }

    @Test func `slots are read on from the last one, whose row is not told twice`() async throws {
        let page = (1...1_000).map { #"{"scheduled_for": "t\#($0)"}"# }.joined(separator: ", ")
        let server = try CannedServer(
            CannedServer.answer("200 OK", "[\(page)]"), CannedServer.answer("200 OK", #"[{"scheduled_for": "end"}]"#))
        let task = try #require(Identifier<TaskDefinition>(Self.id))
        let slots = try await remote(server).slots(of: task, [Query("verdict", "ran")], since: nil, upTo: 5_000)
        #expect(slots.count == 1_001 && slots.last?.member("scheduled_for") == "end")
        let asked = server.requests.map { $0.prefix { $0 != "\r\n" } }
        #expect(asked[0].hasSuffix("/tasks/\(Self.id)/slots?verdict=ran&skip=0&limit=1000 HTTP/1.1"), "\(asked)")
        #expect(asked[1].contains("?verdict=ran&since=t1000&skip=1&limit=1000 "), "\(asked)")
    }

    @Test func `a list is asked for from where the page begins`() async throws {
        let server = try CannedServer(CannedServer.answer("200 OK", #"[{"id": "a"}, {"id": "b"}]"#))
        let rows = try await remote(server).auditRows([Query("action", "task.create")], after: 40, upTo: 2)
        #expect(rows.count == 2)
        #expect(server.requests[0].hasPrefix("GET /api/v1/audit?action=task.create&skip=40&limit=2 "))
    }

    @Test func `many tasks are changed by one request`() async throws {
        let server = try CannedServer(CannedServer.answer("200 OK", #"{"action": "delete", "count": 7}"#))
        let (count, answer) = try await remote(server).change(allTagged: ["a", "b"], .delete)
        #expect(count == 7 && answer == ["action": "delete", "count": 7])
        #expect(server.requests[0].hasPrefix("POST /api/v1/tasks/bulk "))
        #expect(server.requests[0].hasSuffix(#"{"action":"delete","tags":["a","b"]}"#))
    }

    @Test func `a key tells whether it was revoked, and its secret where it was just made`() async throws {
        let working = #"{"id": "\#(Self.id)", "name": "a", "revoked_at": null}"#
        let revoked = #"{"id": "\#(Self.id)", "name": "b", "revoked_at": "t"}"#
        let server = try CannedServer(
            CannedServer.answer("200 OK", "[\(working)]"), CannedServer.answer("201 Created", revoked),
            CannedServer.answer("204 No Content", ""))
        let remote = try remote(server)
        let owner = try #require(Identifier<User>(Self.id))
        let keys = try await remote.keys(of: owner)
        #expect(keys.map(\.name) == ["a"] && !keys[0].isRevoked)
        #expect(try await remote.makeKey(["name": "b"]).isRevoked)
        try await remote.revokeKey(keys[0].id)
        #expect(server.requests[0].hasPrefix("GET /api/v1/api-keys?owner_id=\(Self.id)&skip=0&"))
        #expect(server.requests[2].hasPrefix("DELETE /api/v1/api-keys/\(Self.id) "))
    }

    @Test func `a run without a stream is told in the events that a stream would have`() async throws {
        let ended = """
            {"id": "\(Self.id)", "task_id": "\(Self.id)", "status": "failed", "attempt_number": 2, "stdout": "out",
            "stderr": "", "reason": "exit_code", "return_code": 3}
            """
        let refusal = #"{"detail": "No.", "error_code": "route_not_found", "status": 404}"#
        let server = try CannedServer(
            CannedServer.answer("404 Not Found", type: "application/problem+json", refusal),
            CannedServer.answer("200 OK", ended))
        let id = try #require(Identifier<Execution>(Self.id))
        let task = try #require(Identifier<TaskDefinition>(Self.id))
        var events: [JSONValue] = []
        _ = try await remote(server).followEvents(of: id, task) { events.append($0.json) }
        #expect(
            events == [
                ["event": "status", "id": nil, "data": ["status": "failed", "attempt_number": 2]],
                ["event": "stdout", "id": nil, "data": ["offset": 0, "text": "out"]],
                [
                    "event": "end", "id": nil,
                    "data": ["status": "failed", "reason": "exit_code", "return_code": 3],
                ],
            ])
    }

    @Test func `an answer that lacks what it is asked for is no answer of this version`() async throws {
        let task = try #require(Identifier<TaskDefinition>(Self.id))
        let questions: [(RemoteServer) async throws -> Void] = [
            { _ = try await $0.scheduler() }, { _ = try await $0.ownAccount() }, { _ = try await $0.makeKey([:]) },
            { _ = try await $0.change(allTagged: ["a"], .pause) }, { _ = try await $0.dependencies(of: task) },
            { _ = try await $0.makeWebhookToken(for: task) }, { _ = try await $0.pause(task) },
            { _ = try await $0.slots(of: task, [], since: nil, upTo: 1) },
        ]
        for (number, ask) in questions.enumerated() {
            let server = try CannedServer(CannedServer.answer("200 OK", "{}"))
            let remote = try remote(server)
            let error = await #expect(throws: ClientError.self, "\(number)") { try await ask(remote) }
            guard case .strange = error else {
                Issue.record("\(number): \(String(describing: error))")
                continue
            }
        }
    }
}
