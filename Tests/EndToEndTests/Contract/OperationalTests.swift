import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    @Suite struct OperationalTests {
        let server: QkronServer

        init() throws { server = try Stage.current.server }

        @Test(arguments: ["", "/api/v1"])
        func `health, readiness and life are told at the root and under the prefix, whatever the credentials`(
            prefix: String
        ) async throws {
            let headers = [("Authorization", "Bearer stale")]
            let health = try await server.send("GET", "\(prefix)/health", headers: headers)
            #expect(health.verdict == "200")
            let told = try health.json
            #expect(
                told.keys.isSuperset(of: [
                    "status", "version", "timestamp", "database", "scheduler", "executor", "redis",
                ]))
            #expect(told["status"] == "healthy" && told["database"] == "healthy" && told["scheduler"] == "healthy")
            #expect(told["executor"] == "healthy" && told["redis"] == "disabled")
            let ready = try await server.send("GET", "\(prefix)/ready", headers: headers)
            #expect(ready.verdict == "200")
            #expect(try ready.json == ["status": "ready"])
            let live = try await server.send("GET", "\(prefix)/live", headers: headers)
            #expect(try live.json == ["status": "alive"])
        }

        @Test func `metrics name requests, executions and lateness, and no id`() async throws {
            let person = try await server.newcomer()
            let task = try await person.makeTask(["schedule_type": "interval", "schedule": "1s"])
            let run = try await eventually("a slot has run") {
                try await person.executions(of: task, "status=completed").first
            }
            _ = try await person.call("POST", "/tasks/\(task)/pause")
            _ = try await person.get("/tasks/\(task)")
            _ = try await server.call("GET", "/no/such/route/\(task)")
            let answer = try await server.send("GET", "/metrics")
            #expect(answer.verdict == "200")
            #expect(answer.header("Content-Type")?.hasPrefix("text/plain; version=0.0.4") == true)
            for line in [
                "qkron_build_info{version=", "# TYPE qkron_http_requests_total counter",
                #"qkron_executions_total{kind="command",status="completed"}"#, "qkron_lateness_seconds_bucket",
                "qkron_execution_duration_seconds", "qkron_executions_running", "qkron_executions_pending",
                "qkron_db_connections{state=", "process_cpu_seconds_total",
                "qkron_http_request_duration_seconds_bucket",
            ] {
                #expect(answer.text.contains(line), "\(line)")
            }
            #expect(
                answer.text.contains(#"route="/api/v1/tasks/{task_id}""#)
                    || answer.text.contains(#"route="/tasks/{task_id}""#))
            for secret in [task, run["id"].string ?? "?", person.username] { #expect(!answer.text.contains(secret)) }
        }

        @Test func `Prometheus' own checker finds no fault with the metrics`() async throws {
            guard let promtool = try? Tool.find("promtool") else { return }
            let metrics = try await server.send("GET", "/metrics").text
            let answer = try await Tool(workspace: Stage.current.workspace).run(
                [promtool, "check", "metrics"], input: metrics)
            #expect(answer.hasSucceeded && answer.error.isEmpty, "\(answer)")
        }

        @Test func `the root tells who is there`() async throws {
            let answer = try await server.send("GET", "/")
            #expect(answer.verdict == "200")
            #expect(try answer.json.keys.isSuperset(of: ["name", "version", "docs"]))
        }

        @Test func `the log is JSON, and holds request ids but no secret`() async throws {
            let person = try await server.newcomer()
            let mark = UUID().uuidString
            _ = try await server.send(
                "GET", "/api/v1/tasks?token=query-secret",
                headers: [("X-Request-ID", mark), ("Authorization", "Bearer \(person.token)")])
            try await eventually("the log tells of the request") { await server.log.contains(mark) }
            let log = await server.log
            for line in log.split(separator: "\n") {
                let entry = try? JSON(parsing: Array(line.utf8))
                #expect(entry?.keys.isSuperset(of: ["time", "level", "message"]) == true, "\(line)")
            }
            for secret in [
                person.token, person.password, QkronServer.secretKey, "query-secret", QkronServer.superuser.password,
            ] {
                #expect(!log.contains(secret))
            }
        }
    }
}
