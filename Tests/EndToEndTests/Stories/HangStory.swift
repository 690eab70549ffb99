import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    /// A PostgreSQL that keeps its connections, accepts more, and answers nothing.
    @Suite struct HangStory {
        private static let settings = [
            "LEASE_SECONDS": "10", "KILL_GRACE": "1", "DB_CONNECT_TIMEOUT": "2", "DB_STATEMENT_TIMEOUT": "2",
        ]

        @Test func `while PostgreSQL hangs requests get 503 and no run outlives its lease, and after that all goes on`()
            async throws
        {
            try await Story.tell("hang") { story in
                let cluster = try await PrivateCluster.start(in: story.stage.workspace)
                do {
                    try await hang(cluster, under: story)
                } catch {
                    cluster.thaw()
                    try? await cluster.stop()  // What matters is why the story failed.
                    throw error
                }
                try await cluster.stop()
            }
        }

        private func hang(_ cluster: PrivateCluster, under story: Story) async throws {
            let database = try await cluster.makeDatabase("hang")
            let server = try await story.server(database: database, settings: Self.settings)
            let person = try await server.newcomer()
            let process = await server.processID
            let ticking = try await person.makeTask([
                "schedule_type": "interval", "schedule": "1s", "overlap_policy": "queue",
                "command": .string(Ledger.command("\(story.directory)/ledger")),
            ])
            let long = try await person.makeTask([
                "env": story.environment, "retry_delay": 0,
                "command": .string("until test -e \(story.directory)/gate; do sleep 0.05; done"),
            ])
            let run = try await person.execute(long)
            try await person.execution(run, of: long, is: "running")
            try await eventually("slots run") {
                try await database.count(ticking, where: "status = 'completed'") > 1
            }

            cluster.freeze()
            let visitors = Visitors(port: await server.port)
            try await visitors.whileVisiting { try await expectRefusals(person) }
            #expect(visitors.failures == [], "what needs no database is answered all the while")
            try await eventually(within: .seconds(60), "the run has ended with its lease") {
                story.processes().isEmpty
            }
            let thawed = Date.now.timeIntervalSince1970
            cluster.thaw()

            try await server.waitUntilReady()
            #expect(await server.processID == process)
            let retry = try await eventually(within: .seconds(60), "the run is lost, and a retry runs") {
                let runs = try await person.executions(of: long)
                if let retry = runs.first(where: { $0["status"] == "running" && $0["id"].string != run }) {
                    return retry
                }
                throw Overdue(description: "\(runs)")
            }
            let lost = try await person.execution(run, of: long)
            #expect(lost["status"] == "failed" && lost["reason"] == "lost")
            try story.make("gate")
            try await person.execution(#require(retry["id"].string), of: long, is: "completed")
            try await expectSlots(of: ticking, person, story, database)
            let startedInVain = try await database.count(
                ticking, where: "reason = 'lost' AND started_at >= to_timestamp(\(thawed))")
            #expect(startedInVain == 0, "nothing starts before the lease is known to hold again")
            #expect(try await server.stop() == .exited(0))
        }

        /// Reads, writes and logins, on connections that hang and on new ones.
        private func expectRefusals(_ person: Person) async throws {
            for _ in 1...2 {
                #expect(try await person.call("GET", "/tasks").verdict == "503 database_unavailable")
                #expect(try await person.call("POST", "/tasks", Person.task).verdict == "503 database_unavailable")
                let login = try await person.server.logIn(person.username, person.password)
                #expect(login.verdict == "503 database_unavailable")
                #expect(try await person.server.send("GET", "/ready").status == 503)
            }
        }

        /// What came due meanwhile had its turn afterwards, once.
        private func expectSlots(
            of task: String, _ person: Person, _ story: Story, _ database: Database
        ) async throws {
            let before = try await database.count(task)
            try await eventually("slots run again") { try await database.count(task) > before + 1 }
            _ = try await person.call("POST", "/tasks/\(task)/pause")
            // One after the other: a minute's slots may be in line.
            try await eventually(within: .seconds(120), "every run has ended") {
                try await database.count(task, where: "ended_at IS NULL") == 0
            }
            #expect(try await database.lostSlots(of: task) == 0)
            #expect(try await database.doubledSlots(of: task) == 0)
            #expect(Ledger(story.lines("ledger")).doubled.isEmpty)
        }
    }
}
