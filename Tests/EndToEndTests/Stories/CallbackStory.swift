import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    /// Whoever wants to be told hears of the end of each run, and nobody is reached who must not be.
    @Suite struct CallbackStory {
        /// Loopback is not the internet: 127.0.0.1 alone is let through.
        private static let settings = ["EGRESS_ALLOW": "127.0.0.1"]

        private func callback(
            of run: String, _ task: String, is status: String, for person: Person
        ) async throws -> JSON {
            try await eventually(within: .seconds(60), "the callback of \(run) is \(status)") {
                let callback = try await person.execution(run, of: task)["callback"]
                return callback["status"].string == status ? callback : JSON?.none
            }
        }

        private func told(_ request: Receiver.Request?) throws -> JSON {
            try JSON(parsing: try #require(request).body)
        }

        @Test func `the end of each run is told once, whatever it was`() async throws {
            try await Story.tell("callback") { story in
                let server = try await story.server(settings: Self.settings)
                let person = try await server.newcomer()
                let receiver = try Receiver { _, number in .status(number == 0 ? 503 : 200) }
                let url = receiver.url("/hook?token=s3cr3t")
                func run(_ fields: JSON) async throws -> (task: String, run: String) {
                    let usual: JSON = ["callback_url": .string(url), "max_retries": 0]
                    let task = try await person.makeTask(usual.merging(fields))
                    return (task, try await person.execute(task))
                }
                // The first try fails, and the next comes ten seconds later: meanwhile others are told.
                let (slow, first) = try await run(["command": "echo one"])
                let waiting = try await eventually(within: .seconds(30), "the first try has failed") {
                    let callback = try await person.execution(first, of: slow)["callback"]
                    return callback["tries"] == 1 ? callback : JSON?.none
                }
                #expect(
                    waiting == ["status": "pending", "tries": 1, "error": "The receiver answered 503.", "sent_at": nil])

                let (failing, failed) = try await run([
                    "command": "echo \"attempt $QKRON_ATTEMPT\"; exit 3", "max_retries": 2, "retry_delay": 0,
                ])
                #expect(try await callback(of: failed, failing, is: "sent", for: person)["tries"] == 1)
                let (enduring, cancelled) = try await run(["command": "sleep 1000", "env": story.environment])
                try await person.execution(cancelled, of: enduring, is: "running")
                #expect(
                    try await person.call("POST", "/tasks/\(enduring)/executions/\(cancelled)/cancel").status == 202)
                _ = try await callback(of: cancelled, enduring, is: "sent", for: person)
                let (late, timedOut) = try await run(["command": "sleep 1000", "timeout": 1])
                _ = try await callback(of: timedOut, late, is: "sent", for: person)
                let sent = try await callback(of: first, slow, is: "sent", for: person)
                #expect(sent["tries"] == 2 && sent["error"] == nil && sent["sent_at"].string != nil)

                let requests = receiver.requests
                #expect(requests.count == 5)
                #expect(requests.allSatisfy { $0.method == "POST" && $0.target == "/hook?token=s3cr3t" })
                #expect(Set(requests.map { $0["webhook-id"] }).count == 4)
                let expected: [(String, JSON)] = [
                    (first, ["status": "success", "result": ["return_code": 0, "stdout": "one\n"]]),
                    (failed, ["status": "failed", "error": "Exit code: 3"]),
                    (cancelled, ["status": "failed", "error": "Cancelled"]),
                    (timedOut, ["status": "failed", "error": "Timed out after 1 seconds"]),
                ]
                for (run, body) in expected {
                    let bodies = try requests.map { try told($0) }.filter { $0["execution_id"] == .string(run) }
                    let task = [first: slow, failed: failing, cancelled: enduring, timedOut: late][run] ?? ""
                    #expect(
                        bodies.last
                            == body.merging(["execution_id": .string(run), "task_id": .string(task)]), "\(bodies)")
                }
                let own = try #require(requests.first { $0["webhook-id"] == requests[0]["webhook-id"] })
                #expect(own["Content-Type"] == "application/json" && own["User-Agent"]?.hasPrefix("QKron/") == true)
                let listed = try await person.get("/executions?limit=100").items
                #expect(listed.count == 4 && listed.allSatisfy { $0["callback"]["status"] == "sent" })
                #expect(await !server.log.contains("s3cr3t"))
                let metrics = try await server.send("GET", "/metrics").text
                #expect(metrics.contains("qkron_callbacks_total{outcome=\"sent\"} 4"))
                #expect(metrics.contains("qkron_callbacks_total{outcome=\"retried\"} 1"))
                #expect(try await server.stop() == .exited(0))
            }
        }

        @Test func `nobody is reached who must not be`() async throws {
            try await Story.tell("callback_egress") { story in
                let server = try await story.server(settings: Self.settings)
                let person = try await server.newcomer()
                let forbidden = try Receiver("127.0.0.2")
                let receiver = try Receiver { _, _ in .redirect(307, to: forbidden.url()) }
                let refused = try await person.call(
                    "POST", "/tasks", Person.task.merging(["callback_url": .string(forbidden.url())]))
                #expect(refused.status == 422)
                #expect(
                    try refused.json["errors"].items.first?["msg"].string?.contains("EGRESS_ALLOW") == true,
                    "\(refused)")
                let task = try await person.makeTask(["callback_url": .string(receiver.url())])
                let run = try await person.execute(task)
                let callback = try await callback(of: run, task, is: "failed", for: person)
                #expect(callback["tries"] == 1 && callback["error"].string?.hasPrefix("egress_refused") == true)
                #expect(receiver.requests.count == 1 && forbidden.requests.isEmpty)
                #expect(try await person.execution(run, of: task)["status"] == "completed")

                // Only who may change the task says where it tells of itself; null is nowhere.
                let stranger = try await server.newcomer()
                let url: JSON = ["callback_url": .string(receiver.url("/other"))]
                #expect(try await stranger.call("PATCH", "/tasks/\(task)", url).status == 403)
                #expect(
                    try await person.call("PATCH", "/tasks/\(task)", url).json["callback_url"] == url["callback_url"])
                let cleared = try await person.call("PATCH", "/tasks/\(task)", ["callback_url": nil])
                #expect(try cleared.json["callback_url"] == nil)
                let silent = try await person.execute(task)
                #expect(try await person.execution(silent, of: task, is: "completed")["callback"] == nil)
                #expect(receiver.requests.count == 1)
                #expect(try await server.stop() == .exited(0))
            }
        }

        @Test func `what is owed outlives the server, killed in the middle of a try or between two`() async throws {
            try await Story.tell("callback_crash") { story in
                let database = try await story.database()
                let server = try await story.server(database: database, settings: Self.settings)
                let person = try await server.newcomer()
                let receiver = try Receiver { request, number in
                    switch number {
                    case 0: .stall("")
                    case 1: .status(500)
                    default: .status(200)
                    }
                }
                defer { receiver.close() }
                let task = try await person.makeTask(["callback_url": .string(receiver.url())])
                let stalled = try await person.execute(task)
                try await eventually("the first try is under way") { receiver.requests.count == 1 }
                let failed = try await person.execute(task)
                try await eventually("the other was tried") {
                    try await person.execution(failed, of: task)["callback"]["tries"] == 1
                }
                try await server.kill()
                // Neither the claim nor the next try is waited for.
                _ = try await database.rows(
                    "UPDATE qkron.deliveries SET next_try = now() WHERE status = 'pending' RETURNING id")
                try await server.start()
                for run in [stalled, failed] { _ = try await callback(of: run, task, is: "sent", for: person) }
                let ids = receiver.requests.map { $0["webhook-id"] }
                #expect(ids.count == 4 && Set(ids).count == 2 && Set(ids.prefix(2)) == Set(ids.suffix(2)))
                #expect(try await server.stop() == .exited(0))
            }
        }
    }
}
