import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    @Suite struct KeyAndAuditTests {
        let server: QkronServer

        init() throws { server = try Stage.current.server }

        private func call(_ method: String, _ path: String, key: String, token: String? = nil) async throws
            -> HTTPResponse
        {
            let authorization = token.map { [("Authorization", "Bearer \($0)")] } ?? []
            return try await server.send(method, "/api/v1\(path)", headers: [("X-API-Key", key)] + authorization)
        }

        @Test func `a key is shown once, does what its scopes open, and ends when it is revoked`() async throws {
            let person = try await server.newcomer()
            let made = try await person.call("POST", "/api-keys", ["name": "ci", "scopes": ["tasks:read"]])
            #expect(made.status == 201 && made.header("Cache-Control") == "no-store", "\(made)")
            let key = try #require(try made.json["key"].string)
            let id = try #require(try made.json["id"].string)
            let list = try await person.get("/api-keys")
            #expect(list["total"] == 1 && list["items"][0]["prefix"] == .string(String(key.prefix(8))))
            #expect(
                list["items"][0].keys == [
                    "id", "name", "prefix", "scopes", "expires_at", "last_used_at", "created_at", "revoked_at",
                ])
            let task = try await person.makeTask([:])
            #expect(try await call("GET", "/tasks/\(task)", key: key).verdict == "200")
            #expect(try await call("POST", "/tasks/\(task)/execute", key: key).verdict == "403 scope_required")
            #expect(try await call("GET", "/auth/me", key: key).verdict == "403 scope_required")
            #expect(try await call("GET", "/api-keys", key: key).verdict == "403 scope_required")
            #expect(try await call("GET", "/tasks", key: key + "x").verdict == "401 invalid_api_key")
            #expect(try await call("GET", "/tasks", key: "the service key").verdict == "401 invalid_api_key")
            #expect(
                try await call("GET", "/tasks", key: key, token: "rubbish").verdict == "401 invalid_token",
                "Authorization decides")
            #expect(try await person.get("/api-keys")["items"][0]["last_used_at"] != nil)
            let stranger = try await server.newcomer()
            #expect(try await stranger.call("DELETE", "/api-keys/\(id)").verdict == "403 not_owner")
            #expect(try await person.call("DELETE", "/api-keys/\(OwnershipTests.nobodys)").verdict == "404 not_found")
            #expect(try await person.call("DELETE", "/api-keys/\(id)").verdict == "204")
            #expect(try await call("GET", "/tasks", key: key).verdict == "401 invalid_api_key")
            #expect(try await person.get("/api-keys")["items"][0]["revoked_at"] != nil)
        }

        @Test(
            arguments: [
                (["scopes": []], "body.scopes"), (["scopes": ["all"]], "body.scopes.0"),
                (["scopes": "queue"], "body.scopes"),
                (["name": ""], "body.name"), (["name": nil], "body.name"),
                (["expires_at": "2020-01-01"], "body.expires_at"),
                (["expires_at": "2020-01-01T00:00:00Z"], "body.expires_at"),
            ] as [(JSON, String)])
        func `what is wrong with a key is said`(fields: JSON, place: String) async throws {
            let person = try await server.newcomer()
            let key: JSON = ["name": "a key", "scopes": ["tasks:read"], "expires_at": nil]
            let answer = try await person.call("POST", "/api-keys", key.merging(fields))
            #expect(answer.verdict == "422 validation_failed" && answer.faultyPlaces == [place], "\(answer)")
        }

        @Test func `the audit log tells what a caller decides of a task, who it was and from where`() async throws {
            let (root, person) = (try await server.superuser(), try await server.newcomer())
            let made = try await server.send(
                "POST", "/api/v1/tasks",
                headers: [("Authorization", "Bearer \(person.token)"), ("X-Request-ID", "made-\(person.id)")],
                body: try Person.task.merging([
                    "description": "d", "env": ["TOKEN": "s3cret"], "starts_at": "2100-01-01T00:00:00Z",
                    "ends_at": "2130-01-01T00:00:00Z", "metadata_info": ["k": 1], "working_directory": "/tmp",
                ]).bytes)
            let task = try made.json
            let id = try #require(task["id"].string)
            _ = try await person.call("POST", "/tasks/\(id)/pause")
            _ = try await person.call("DELETE", "/tasks/\(id)")
            let log = try await root.get("/audit?resource_id=\(id)&resource_type=task")
            #expect(log["items"].items.map(\.["action"]) == ["task.delete", "task.pause", "task.create"])
            let row = log["items"][2]
            #expect(row["actor_id"] == .string(person.id) && row["actor_name"] == .string(person.username))
            #expect(row["actor_type"] == "user" && row["ip"] == "127.0.0.1")
            #expect(row["request_id"] == .string("made-\(person.id)"))
            // Whatever a task answers is told, but for what nobody decides and what is the same for all.
            let answered: Set<String> = [
                "id", "owner_id", "owner_username", "created_at", "updated_at", "scheduled_time", "retry_count",
                "next_run", "last_run", "status",
            ]
            let decided = task.keys.filter { task[$0] != nil }.subtracting(answered)
            #expect(row["changes"].keys == decided)
            for field in decided where field != "env" {
                #expect(row["changes"][field] == ["from": nil, "to": task[field]], "\(field)")
            }
            #expect(row["changes"]["env"] == ["from": nil, "to": ["TOKEN": "***"]])
            #expect(try await person.call("GET", "/audit").verdict == "403 role_required")
            let failed = try await server.logIn(person.username, "wrong horse")
            #expect(failed.status == 401)
            let logins = try await root.get("/audit?action=auth.login_failed&resource_id=\(person.id)")
            #expect(logins["total"] == 1)
            #expect(
                try await root.call("GET", "/audit?actor_id=5&since=x").faultyPlaces == [
                    "query.actor_id", "query.since",
                ])
            #expect(try await root.get("/audit?since=2100-01-01T00:00:00Z")["total"] == 0)
            #expect(try await root.get("/audit?limit=2").items.count == 2)
        }
    }
}
