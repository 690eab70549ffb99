import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    @Suite struct OwnershipTests {
        let server: QkronServer
        static let nobodys = "01900000-0000-7000-8000-000000000000"

        init() throws { server = try Stage.current.server }

        /// Every route of a task or an execution: method, path behind the task's id, body.
        static let routes: [(String, String, JSON?)] = [
            ("GET", "", nil), ("PUT", "", ["name": "taken over"]), ("PATCH", "", ["name": "taken over"]),
            ("DELETE", "", nil),
            ("POST", "/execute", nil), ("POST", "/pause", nil), ("POST", "/resume", nil), ("GET", "/executions", nil),
            ("GET", "/executions/EXECUTION", nil), ("POST", "/executions/EXECUTION/cancel", nil),
        ]

        @Test func `a stranger is refused on every route, and changes nothing`() async throws {
            let owner = try await server.newcomer()
            let stranger = try await server.newcomer()
            let task = try await owner.makeTask([:])
            let run = try await owner.execute(task)
            try await owner.execution(run, of: task, is: "completed")
            let before = try await owner.get("/tasks/\(task)")
            for (method, path, body) in Self.routes {
                let path = "/tasks/\(task)\(path.replacingOccurrences(of: "EXECUTION", with: run))"
                #expect(try await stranger.call(method, path, body).verdict == "403 not_owner", "\(method) \(path)")
                #expect(
                    try await server.call(method, path, body).verdict == "401 not_authenticated", "\(method) \(path)")
            }
            #expect(try await owner.get("/tasks/\(task)") == before)
            #expect(try await stranger.get("/tasks")["total"] == 0)
        }

        @Test func `an unknown id is told from a broken one`() async throws {
            let person = try await server.newcomer()
            for (method, path, body) in Self.routes {
                let path = path.replacingOccurrences(of: "EXECUTION", with: Self.nobodys)
                let unknown = try await person.call(method, "/tasks/\(Self.nobodys)\(path)", body)
                let broken = try await person.call(method, "/tasks/5\(path)", body)
                #expect(unknown.verdict == "404 not_found", "\(method) \(path)")
                #expect(broken.verdict == "422 validation_failed", "\(method) \(path)")
                #expect(broken.faultyPlaces == ["path.task_id"], "\(method) \(path)")
            }
        }

        @Test
        func `credentials are checked before the path, the path and body before the row, the row before its owner`()
            async throws
        {
            let owner = try await server.newcomer()
            let stranger = try await server.newcomer()
            let task = try await owner.makeTask([:])
            let faulty: JSON = ["name": ""]
            #expect(try await server.call("PUT", "/tasks/5", faulty).verdict == "401 not_authenticated")
            #expect(try await stranger.call("PUT", "/tasks/\(Self.nobodys)", faulty).verdict == "422 validation_failed")
            #expect(try await stranger.call("PUT", "/tasks/\(task)", faulty).verdict == "422 validation_failed")
            #expect(try await stranger.call("PUT", "/tasks/\(task)", ["name": "x"]).verdict == "403 not_owner")
            _ = try await owner.call("PUT", "/tasks/\(task)", ["status": "cancelled"])
            #expect(try await stranger.call("POST", "/tasks/\(task)/execute").verdict == "403 not_owner")
        }

        @Test func `a superuser sees and changes everybody's tasks`() async throws {
            let owner = try await server.newcomer()
            let superuser = try await server.superuser()
            let task = try await owner.makeTask(["name": "seen from above"])
            #expect(try await superuser.get("/tasks/\(task)")["owner_username"] == .string(owner.username))
            let mine = try await superuser.get("/tasks?owner_id=\(owner.id)")
            #expect(mine["total"] == 1)
            #expect(try await superuser.get("/api-keys?owner_id=\(owner.id)")["total"] == 0)
            #expect(try await superuser.call("PUT", "/tasks/\(task)", ["name": "changed"]).verdict == "200")
            #expect(try await owner.get("/tasks/\(task)")["owner_id"] == .string(owner.id))
            let run = try await superuser.execute(task)
            try await owner.execution(run, of: task, is: "completed")
            #expect(try await superuser.call("DELETE", "/tasks/\(task)").verdict == "204")
        }

        @Test func `a filter by another owner lets nothing through that is not the caller's to read`() async throws {
            let owner = try await server.newcomer()
            let stranger = try await server.newcomer()
            let superuser = try await server.superuser()
            for person in [owner, stranger] {
                _ = try await person.makeTask([:])
                let key = try await person.call("POST", "/api-keys", ["name": "ci", "scopes": ["tasks:read"]])
                #expect(key.status == 201)
            }
            for path in ["/tasks", "/api-keys"] {
                #expect(try await stranger.get("\(path)?owner_id=\(owner.id)")["total"] == 0, "\(path)")
                #expect(try await stranger.get("\(path)?owner_id=\(Self.nobodys)")["total"] == 0, "\(path)")
                #expect(try await stranger.get("\(path)?owner_id=\(stranger.id)")["total"] == 1, "\(path)")
                #expect(try await superuser.get("\(path)?owner_id=\(owner.id)")["total"] == 1, "\(path)")
            }
            #expect(try await stranger.get("/tasks?owner_id=\(owner.id)&limit=5") == [])
        }

        @Test func `an execution is found only under its own task`() async throws {
            let person = try await server.newcomer()
            let task = try await person.makeTask([:])
            let other = try await person.makeTask([:])
            let run = try await person.execute(task)
            #expect(try await person.call("GET", "/tasks/\(other)/executions/\(run)").verdict == "404 not_found")
            #expect(
                try await person.call("POST", "/tasks/\(other)/executions/\(run)/cancel").verdict == "404 not_found")
            let broken = try await person.call("GET", "/tasks/\(task)/executions/5")
            #expect(broken.verdict == "422 validation_failed")
            #expect(broken.faultyPlaces == ["path.execution_id"])
        }
    }
}
