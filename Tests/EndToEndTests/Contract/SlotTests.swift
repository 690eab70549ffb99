import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    @Suite struct SlotTests {
        let server: QkronServer

        init() throws { server = try Stage.current.server }

        @Test func `a slot is answered with every field of the contract`() async throws {
            let person = try await server.newcomer()
            let id = try await person.makeTask([
                "schedule": "2020-01-01T00:00:00Z", "dst_policy": "twice", "jitter": 1, "misfire_policy": "skip",
            ])
            let task = try await person.get("/tasks/\(id)")
            #expect(task["dst_policy"] == "twice" && task["jitter"] == 1)
            let run = try await eventually("it has run") {
                try await person.executions(of: id).first { $0["status"] == "completed" }
            }
            let window = "since=2019-12-31T00:00:00Z&until=2020-01-02T00:00:00Z"
            let slots = try await person.get("/tasks/\(id)/slots?\(window)")
            #expect(slots.keys == ["items", "total", "page", "page_size"] && slots["total"] == 1)
            #expect(
                slots["items"] == [
                    [
                        "scheduled_for": "2020-01-01T00:00:00Z", "verdict": "ran", "reason": nil,
                        "execution_id": run["id"], "status": "completed",
                    ]
                ])
            #expect(try await person.get("/tasks/\(id)/slots?\(window)&verdict=skipped,missed")["total"] == 0)
            #expect(try await person.get("/tasks/\(id)/slots")["total"] == 0, "the last 24 hours had none")
            #expect(try await person.get("/tasks/\(id)/slots?\(window)&limit=5").items.count == 1)
        }

        @Test(
            arguments: [
                ("since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", ["query.since"]),
                ("since=2026-01-01T00:00:00Z&until=2026-01-01T00:00:00Z", ["query.since"]),
                ("since=2999-01-01T00:00:00Z", ["query.since"]), ("since=2001-01-01T00:00:00Z", ["query.since"]),
                (
                    "since=x&until=y&verdict=maybe&page=0",
                    ["query.since", "query.until", "query.verdict", "query.page"]
                ),
            ] as [(String, Set<String>)])
        func `a faulty window is refused by name`(query: String, places: Set<String>) async throws {
            let person = try await server.newcomer()
            let id = try await person.makeTask([:])
            let answer = try await person.call("GET", "/tasks/\(id)/slots?\(query)")
            #expect(answer.verdict == "422 validation_failed" && answer.faultyPlaces == places)
        }

        @Test func `slots are their task's owner's`() async throws {
            let person = try await server.newcomer()
            let id = try await person.makeTask([:])
            let stranger = try await server.newcomer()
            #expect(try await stranger.call("GET", "/tasks/\(id)/slots").verdict == "403 not_owner")
            #expect(try await server.superuser().call("GET", "/tasks/\(id)/slots").verdict == "200")
            #expect(try await server.call("GET", "/tasks/\(id)/slots").verdict == "401 not_authenticated")
            #expect(
                try await person.call("GET", "/tasks/\(OwnershipTests.nobodys)/slots").verdict == "404 not_found")
        }

        @Test func `anybody sees whether all firing is paused, and only a superuser changes it`() async throws {
            let person = try await server.newcomer()
            #expect(
                try await person.get("/scheduler") == ["paused": false, "paused_at": nil, "paused_by": nil])
            for verb in ["pause", "resume"] {
                #expect(try await person.call("POST", "/scheduler/\(verb)").verdict == "403 role_required")
                #expect(try await server.call("POST", "/scheduler/\(verb)").verdict == "401 not_authenticated")
            }
            #expect(try await server.call("GET", "/scheduler").verdict == "401 not_authenticated")
        }
    }
}
