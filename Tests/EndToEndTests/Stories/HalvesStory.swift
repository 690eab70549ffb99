import EndToEndSupport
import Testing

extension EndToEnd {
    /// Two servers on one database, each with one of the halves.
    @Suite struct HalvesStory {
        @Test func `one server answers, another runs, and each tells which half it is`() async throws {
            try await Story.tell("halves") { story in
                let database = try await story.database()
                let api = try await story.server("-api", database: database, settings: ["COMPONENTS": "api"])
                let engine = try await story.server(
                    "-engine", database: database, settings: ["COMPONENTS": "engine", "METRICS_REQUIRE_AUTH": "true"])
                #expect(try await health(of: api) == ["healthy", "healthy", "disabled", "disabled"])
                #expect(try await health(of: engine) == ["healthy", "healthy", "healthy", "healthy"])

                let person = try await api.newcomer()
                let task = try await person.makeTask([:])
                let run = try await person.execution(try await person.execute(task), of: task, is: "completed")
                #expect(run["node"] == "halves-engine")

                // The description tells of whole servers.
                try await APIContract.$current.withValue(nil) {
                    try await expectOnlyProbes(on: engine, for: try await api.superuser())
                }
                #expect(try await api.stop() == .exited(0))
                #expect(try await engine.stop() == .exited(0))
            }
        }

        /// Database, scheduler and executor after the whole, which both places tell alike.
        private func health(of server: QkronServer) async throws -> [String?] {
            let keys = ["status", "database", "scheduler", "executor"]
            let root = try await server.send("GET", "/health").json
            let prefixed = try await server.call("GET", "/health").json
            for key in keys { #expect(root[key] == prefixed[key]) }
            return keys.map { root[$0].string }
        }

        private func expectOnlyProbes(on server: QkronServer, for superuser: Person) async throws {
            for prefix in ["", "/api/v1"] {
                for path in ["/live", "/ready", "/health"] {
                    #expect(try await server.send("GET", prefix + path).verdict == "200", "\(prefix + path)")
                }
                #expect(try await server.send("GET", prefix + "/metrics").verdict == "401 not_authenticated")
                let headers = [("Authorization", "Bearer \(superuser.token)")]
                let metrics = try await server.send("GET", prefix + "/metrics", headers: headers)
                #expect(metrics.verdict == "200" && metrics.text.contains("qkron_executions_running"))
            }
            for path in ["/", "/api/v1/tasks", "/api/v1/auth/me"] {
                let answer = try await server.send("GET", path)
                #expect(answer.verdict == "404 route_not_found", "\(path)")
            }
            #expect(try await server.logIn(superuser.username, superuser.password).verdict == "404 route_not_found")
        }
    }
}
