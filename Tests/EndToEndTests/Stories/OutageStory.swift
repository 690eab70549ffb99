import EndToEndSupport
import Testing

extension EndToEnd {
    /// The database goes, and comes back.
    @Suite struct OutageStory {
        // Were each request to wait as the first one does, it would be half an hour.
        @Test(.timeLimit(.minutes(10)))
        func `while the database is known to be away nobody waits, and then all is well again`() async throws {
            try await Story.tell("outage") { story in
                let database = try await story.database()
                let beside = try await story.database()
                let server = try await story.server(
                    database: database, settings: ["DB_CONNECT_TIMEOUT": "15", "METRICS_REQUIRE_AUTH": "true"])
                let person = try await server.newcomer()
                let task = try await person.makeTask([:])
                _ = try await beside.rows("ALTER DATABASE \(database.name) ALLOW_CONNECTIONS false")
                _ = try await beside.rows(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(database.name)'")
                for _ in 0..<40 {
                    let answer = try await person.call("GET", "/tasks/\(task)")
                    #expect(answer.verdict == "503 database_unavailable")
                    #expect(answer.header("Retry-After") != nil)
                    let metrics = try await server.send("GET", "/metrics", headers: [("X-API-Key", "no key")])
                    #expect(metrics.verdict == "503 database_unavailable")
                    #expect(try await server.send("GET", "/ready").verdict == "503 not_ready")
                    #expect(try await server.send("GET", "/live").status == 200)
                }
                _ = try await beside.rows("ALTER DATABASE \(database.name) ALLOW_CONNECTIONS true")
                try await eventually(within: .seconds(30), "the server is well again") {
                    try await person.call("GET", "/tasks/\(task)").status == 200
                }
                let run = try await person.execute(task)
                try await person.execution(run, of: task, is: "completed")
                #expect(try await server.stop() == .exited(0))
            }
        }
    }
}
