import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    @Suite struct RunRequestTests {
        let server: QkronServer

        init() throws { server = try Stage.current.server }

        @Test func `a task runs once what it depends on has completed`() async throws {
            let person = try await server.newcomer()
            let first = try await person.makeTask(["name": "extract"])
            let task = try await person.makeTask(["dependencies": [.string(first)]])
            let refused = try await person.call("POST", "/tasks/\(task)/execute")
            #expect(refused.verdict == "400 dependencies_unsatisfied")
            #expect(try refused.json["detail"].string?.contains(first) == true)
            let failed = try #require(try await person.executions(of: task).first)
            #expect(failed["status"] == "failed")
            #expect(failed["reason"] == "dependency")
            #expect(failed["start_time"] == .null)
            #expect(failed["error"].string?.contains("extract") == true)
            let before = try await person.get("/tasks/\(task)/dependencies")
            #expect(before["all_satisfied"] == false)
            #expect(before["task_id"] == .string(task))
            let expected: JSON = [
                "task_id": .string(first), "name": "extract", "status": "pending", "is_active": true,
                "completed": false,
            ]
            #expect(before["dependencies"] == .array([expected]))
            try await person.execution(try await person.execute(first), of: first, is: "completed")
            #expect(try await person.get("/tasks/\(task)/dependencies")["all_satisfied"] == true)
            try await person.execution(try await person.execute(task), of: task, is: "completed")
            for (value, place) in [
                ([.string(task)], "body.dependencies.0"), (["x"], "body.dependencies.0"), ("x", "body.dependencies"),
            ] as [(JSON, String)] {
                #expect(
                    try await person.call("PUT", "/tasks/\(task)", ["dependencies": value]).placedVerdict
                        == "422 validation_failed \(place)")
            }
            #expect(
                try await person.call("PUT", "/tasks/\(first)", ["dependencies": [.string(task)]]).placedVerdict
                    == "422 validation_failed body.dependencies")
        }

        @Test func `a slot whose dependencies are not satisfied is skipped, and the next one looks again`() async throws
        {
            let person = try await server.newcomer()
            let first = try await person.makeTask(["name": "extract"])
            let task = try await person.makeTask([
                "dependencies": [.string(first)], "schedule_type": "interval", "schedule": "1s",
            ])
            try await eventually("a slot was skipped") {
                try await person.executions(of: task).contains { $0["reason"] == "dependency" }
            }
            #expect(try await person.get("/tasks/\(task)")["status"] == "pending")
            _ = try await person.execute(first)
            try await eventually("a slot ran") {
                try await person.executions(of: task).contains { $0["status"] == "completed" }
            }
            #expect(try await person.call("DELETE", "/tasks/\(task)").status == 204)
        }

        @Test func `a webhook starts a task by its secret`() async throws {
            let person = try await server.newcomer()
            let stranger = try await server.newcomer()
            let task = try await person.makeTask([:])
            let made = try await person.call("POST", "/tasks/\(task)/webhook-token")
            #expect(made.header("Cache-Control") == "no-store")
            let secret = try #require(try made.json["webhook_token"].string)
            let path = "/tasks/webhook/trigger/\(task)"
            for answer in [
                try await server.call("POST", path), try await server.call("POST", path + "?token=x"),
                try await server.call("POST", "/tasks/webhook/trigger/\(person.id)?token=\(secret)"),
            ] {
                #expect(answer.verdict == "401 invalid_webhook_token")
            }
            #expect(try await stranger.call("POST", path).verdict == "403 not_owner")
            #expect(try await stranger.call("POST", "/tasks/webhook/trigger/\(person.id)").verdict == "404 not_found")
            let byQuery = try await server.call("POST", path + "/?token=\(secret)", ["any": "body"])
            let byHeader = try await server.send(
                "POST", "/api/v1\(path)", headers: [("X-Webhook-Token", secret), ("Content-Type", "text/plain")],
                body: Array("{".utf8))
            for answer in [byQuery, byHeader, try await person.call("POST", path)] {
                #expect(answer.verdict == "200")
                let id = try #require(try answer.json["execution_id"].string)
                #expect(try await person.execution(id, of: task, is: "completed")["trigger"] == "webhook")
            }
            let log = await server.log
            #expect(!log.contains(secret))
            #expect(try await person.call("POST", "/tasks/\(task)/webhook-token").status == 200)
            #expect(try await server.call("POST", path + "?token=\(secret)").verdict == "401 invalid_webhook_token")
        }

        @Test func `a run is repeated, and found without its task`() async throws {
            let person = try await server.newcomer()
            let stranger = try await server.newcomer()
            let task = try await person.makeTask(["command": "sleep 1"])
            let old = try await person.execute(task)
            let path = "/tasks/\(task)/executions/\(old)/rerun"
            #expect(try await person.call("POST", path).verdict == "409 invalid_transition")
            let before = try await person.execution(old, of: task, is: "completed")
            let answer = try await person.call("POST", path)
            let id = try #require(try answer.json["execution_id"].string)
            let new = try await person.execution(id, of: task, is: "completed")
            #expect(new["retry_of"] == .string(old))
            #expect(new["trigger"] == "manual")
            #expect(new["scheduled_for"] == before["scheduled_for"])
            #expect(try await person.get("/executions/\(id)") == new)
            #expect(try await stranger.call("GET", "/executions/\(id)").verdict == "403 not_owner")
            #expect(try await person.call("GET", "/executions/\(task)").verdict == "404 not_found")
            let all = try await person.get("/executions?page_size=1&task_id=\(task)")
            #expect(all["total"] == 2)
            #expect(all["items"].items.first?["id"] == .string(id))
            #expect(all["items"].items.count == 1)
            #expect(try await stranger.get("/executions")["total"] == 0)
            #expect(
                try await person.call("GET", "/executions?task_id=x").placedVerdict
                    == "422 validation_failed query.task_id")
        }

        @Test func `many tasks are changed at once`() async throws {
            let person = try await server.newcomer()
            let stranger = try await server.newcomer()
            let running = try await person.makeTask(["tags": ["a", "b"], "command": "sleep 60"])
            let other = try await person.makeTask(["tags": ["a"]])
            let foreign = try await stranger.makeTask(["tags": ["a", "b"]])
            _ = try await person.execute(running)
            let paused = try await person.call("POST", "/tasks/bulk", ["action": "pause", "tags": ["a"]])
            let answered: JSON = ["action": "pause", "count": 2]
            #expect(try paused.json == answered)
            #expect(try await person.get("/tasks?is_active=false")["total"] == 2)
            for (body, verdict) in [
                (["action": "stop", "tags": ["a"]], "422 validation_failed body.action"),
                (["tags": ["a"]], "422 validation_failed body.action"),
                (["action": "pause"], "422 validation_failed body.tags"),
                (["action": "pause", "tags": []], "422 validation_failed body.tags"),
                (["action": "pause", "ids": []], "422 validation_failed body.ids"),
                (["action": "pause", "ids": ["x"]], "422 validation_failed body.ids.0"),
                (["action": "pause", "ids": [.string(other)], "tags": ["a"]], "422 validation_failed body.ids"),
                (["action": "delete", "ids": [.string(other), .string(foreign)]], "404 not_found"),
            ] as [(JSON, String)] {
                #expect(try await person.call("POST", "/tasks/bulk", body).placedVerdict == verdict)
            }
            let deleted = try await person.call("POST", "/tasks/bulk", ["action": "delete", "tags": ["a"]])
            #expect(try deleted.json["count"] == 2)
            #expect(try await person.get("/tasks")["total"] == 0)
            #expect(try await stranger.get("/tasks")["total"] == 1)
        }
    }
}
