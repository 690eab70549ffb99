import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    @Suite struct TaskTests {
        let server: QkronServer

        init() throws { server = try Stage.current.server }

        @Test func `a command task has every field of the contract, with its default`() async throws {
            let person = try await server.newcomer()
            let answer = try await person.call(
                "POST", "/tasks", ["name": "nightly", "command": "echo hello", "schedule": "0 2 * * *"])
            let task = try answer.json
            let expected: JSON = [
                "owner_id": .string(person.id), "owner_username": .string(person.username), "name": "nightly",
                "description": nil, "task_type": "command", "command": "echo hello", "payload": nil,
                "schedule_type": "cron", "schedule": "0 2 * * *", "scheduled_time": nil, "timezone": "UTC",
                "dst_policy": "standard", "starts_at": nil, "ends_at": nil, "jitter": 0, "misfire_policy": "fire_once",
                "misfire_grace": 60, "overlap_policy": "skip", "timeout": 300, "max_retries": 3, "retry_delay": 60,
                "retry_backoff": "fixed", "priority": 5, "env": [:], "secret_env": [], "working_directory": nil,
                "limits": [:], "requires": [], "max_output_bytes": 1_048_576, "tags": [], "metadata_info": nil,
                "dependencies": nil, "callback_url": nil, "is_active": true, "status": "pending", "retry_count": 0,
                "last_run": nil, "goal_id": nil, "account_id": nil, "due_date": nil, "state": nil,
            ]
            #expect(answer.verdict == "201")
            for key in expected.keys.sorted() {
                #expect(task[key] == expected[key], "\(key)")
            }
            #expect(task.keys == expected.keys.union(["id", "created_at", "updated_at", "next_run"]))
            #expect(task["next_run"].string?.hasSuffix("T02:00:00Z") == true)
            let id = try #require(task["id"].string)
            #expect(UUID(uuidString: id) != nil && Array(id)[14] == "7")
            #expect(try await person.get("/tasks/\(id)") == task)
        }

        @Test func `every writable field is kept as it was sent`() async throws {
            let person = try await server.newcomer()
            let fields: JSON = [
                "name": " kept as typed ", "description": "déjà vu 🦉", "command": "printf '%s' \"$A\"",
                "schedule_type": "interval", "schedule": "1h30m", "timezone": "Europe/Paris",
                "starts_at": "2030-01-01T00:00:00Z", "ends_at": "2031-01-01T00:00:00Z", "misfire_policy": "fire_all",
                "misfire_grace": 0, "overlap_policy": "cancel_previous", "timeout": 86_400, "max_retries": 0,
                "retry_delay": 86_400, "retry_backoff": "exponential", "priority": 10, "env": ["A": "b c", "_X9": ""],
                "working_directory": "/tmp", "max_output_bytes": 102_400, "metadata_info": ["deep": [1, ["x": nil]]],
                "requires": ["gpu", " ssd "], "is_active": false,
            ]
            let answer = try await person.call("POST", "/tasks", fields.merging(["tags": ["b", "a", "b"]]))
            let task = try answer.json
            #expect(answer.verdict == "201")
            for key in fields.keys.sorted() {
                #expect(task[key] == fields[key], "\(key)")
            }
            #expect(Set(task["tags"].items) == ["a", "b"] && task["tags"].items.count == 2)
            #expect(task["next_run"] == .null)
        }

        @Test func `metadata can be sent back as it was answered, and a respelled text is stored`() async throws {
            let person = try await server.newcomer()
            let numbers: JSON = ["huge": .number(1e20), "tiny": .number(1e-9)]
            let id = try await person.makeTask(["metadata_info": numbers, "command": "true caf\u{E9}"])
            let answer = try await person.call("GET", "/tasks/\(id)")
            #expect(answer.text.contains(#""huge":1e+20,"tiny":1e-09"#))
            let task = try answer.json
            #expect(
                try await person.call("PUT", "/tasks/\(id)", ["metadata_info": task["metadata_info"]]).status == 200)
            let change = try await person.call("PUT", "/tasks/\(id)", ["command": "true cafe\u{301}"])
            #expect(change.status == 200 && change.text.utf8.contains(0xCC))
            #expect(try change.json["updated_at"] != task["updated_at"])
        }

        @Test func `a change is partial, and PATCH is PUT`() async throws {
            let person = try await server.newcomer()
            let id = try await person.makeTask(["env": ["A": "1", "B": "2"], "tags": ["x"], "description": "d"])
            let before = try await person.get("/tasks/\(id)")
            for method in ["PUT", "PATCH"] {
                let answer = try await person.call(method, "/tasks/\(id)", ["env": ["C": "3"], "description": nil])
                let after = try answer.json
                #expect(answer.verdict == "200")
                #expect(after["env"] == ["C": "3"])
                #expect(after["description"] == .null)
                #expect(after["tags"] == ["x"])
                #expect(after["name"] == before["name"])
                #expect(after["next_run"] == before["next_run"])
            }
        }

        @Test func `a new schedule counts from now`() async throws {
            let person = try await server.newcomer()
            let id = try await person.makeTask([:])
            let answer = try await person.call(
                "PUT", "/tasks/\(id)", ["schedule_type": "cron", "schedule": "0 0 1 1 *", "timezone": "Asia/Tokyo"])
            #expect(answer.verdict == "200")
            #expect(try answer.json["next_run"].string?.hasSuffix("-12-31T15:00:00Z") == true)
            #expect(try answer.json["scheduled_time"] == .null)
        }

        @Test func `a deleted task is gone with its executions`() async throws {
            let person = try await server.newcomer()
            let id = try await person.makeTask([:])
            let run = try await person.execute(id)
            let answer = try await person.call("DELETE", "/tasks/\(id)")
            #expect(answer.verdict == "204")
            #expect(answer.body.isEmpty)
            for path in ["/tasks/\(id)", "/tasks/\(id)/executions", "/tasks/\(id)/executions/\(run)"] {
                #expect(try await person.call("GET", path).verdict == "404 not_found")
            }
            #expect(try await person.call("DELETE", "/tasks/\(id)").verdict == "404 not_found")
        }

        @Test func `pause and resume may be repeated, and resume goes on from now`() async throws {
            let person = try await server.newcomer()
            let id = try await person.makeTask(["schedule_type": "interval", "schedule": "1h"])
            let before = try await person.get("/tasks/\(id)")
            for _ in 1...2 {
                let answer = try await person.call("POST", "/tasks/\(id)/pause")
                #expect(answer.verdict == "200")
                #expect(try answer.json["task_id"] == .string(id))
                #expect(try answer.json["message"].string != nil)
            }
            let paused = try await person.get("/tasks/\(id)")
            #expect(paused["is_active"] == false && paused["next_run"] == .null && paused["status"] == "pending")
            for _ in 1...2 { #expect(try await person.call("POST", "/tasks/\(id)/resume").verdict == "200") }
            let resumed = try await person.get("/tasks/\(id)")
            #expect(resumed["is_active"] == true)
            #expect(resumed["next_run"] == before["next_run"], "the grid of an interval does not move")
        }

        @Test func `a cancelled task runs no more until it is resumed`() async throws {
            let person = try await server.newcomer()
            let id = try await person.makeTask(["schedule_type": "interval", "schedule": "1h"])
            let cancelled = try await person.call("PUT", "/tasks/\(id)", ["status": "cancelled"])
            #expect(cancelled.verdict == "200")
            #expect(try cancelled.json["status"] == "cancelled")
            #expect(try cancelled.json["is_active"] == false)
            #expect(try cancelled.json["next_run"] == .null)
            #expect(try await person.call("POST", "/tasks/\(id)/execute").verdict == "409 task_cancelled")
            #expect(try await person.call("POST", "/tasks/\(id)/resume").verdict == "200")
            #expect(try await person.get("/tasks/\(id)")["status"] == "pending")
        }

        @Test(
            arguments: [["status": "completed"], ["status": "cancelled", "is_active": true], ["status": "sleeping"]]
                as [JSON])
        func `only cancelled may be written as a status`(change: JSON) async throws {
            let person = try await server.newcomer()
            let id = try await person.makeTask([:])
            #expect(try await person.call("PUT", "/tasks/\(id)", change).verdict == "422 validation_failed")
            #expect(try await person.get("/tasks/\(id)")["status"] == "pending")
        }

        @Test func `a once time of the past fires at once, for its own slot`() async throws {
            let person = try await server.newcomer()
            let id = try await person.makeTask(["schedule": "2020-02-29T12:00:00+02:00", "misfire_policy": "skip"])
            let run = try await eventually("the past slot runs") {
                try await person.executions(of: id).first { $0["status"] == "completed" }
            }
            #expect(run["scheduled_for"] == "2020-02-29T10:00:00Z")
            #expect(run["trigger"] == "schedule")
            let task = try await person.get("/tasks/\(id)")
            #expect(task["next_run"] == .null && task["is_active"] == true && task["status"] == "completed")
        }
    }
}
