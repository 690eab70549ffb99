import EndToEndSupport
import Foundation
import Testing

/// What is killed by -9. (A server alone costs no run: see `HandoverStory`.)
enum Victim: String, CaseIterable, Sendable {
    case executor, both
}

extension EndToEnd {
    /// A kill -9 at any moment loses no slot, doubles none, and leaves no process of a command.
    @Suite struct CrashStory {
        /// A command that holds a lock for as long as anything of it lives, a daemon that left its session included,
        /// notes its start and its end, and tells on itself when it starts beside an earlier run.
        static func command(in directory: String, seconds: String = firstOutlasts) -> String {
            """
            daemon=\(directory)/daemon-$QKRON_EXECUTION_ID-$QKRON_ATTEMPT
            exec 9>>\(directory)/lock
            flock -n 9 || echo "$QKRON_EXECUTION_ID runs beside another" >> \(directory)/violations
            (setsid sh -c "echo \\$\\$ > $daemon; exec sleep 1000" &)
            until test -s $daemon; do sleep 0.02; done
            \(Ledger.command("\(directory)/started"))
            sleep \(seconds)
            kill $(cat $daemon)
            flock -u 9
            \(Ledger.command("\(directory)/ended"))
            """
        }

        /// Seconds: the first attempt leaves time to be killed in, a retry is quick.
        static let firstOutlasts = "$((QKRON_ATTEMPT == 1 ? 3 : 1))"
        static let settings = ["LEASE_SECONDS": "3", "KILL_GRACE": "1"]

        private func makeTask(for person: Person, in story: Story) async throws -> String {
            try await person.makeTask([
                "schedule_type": "interval", "schedule": "1s", "overlap_policy": "skip", "retry_delay": 1,
                "max_retries": 3, "env": story.environment, "command": .string(Self.command(in: story.directory)),
            ])
        }

        /// Waits until another command is in the middle of its run.
        private func runIsInTheMiddle(_ story: Story) async throws {
            let begun = story.lines("started").count
            try await eventually("a command runs, with its daemon") { story.lines("started").count > begun }
            #expect(story.processes().count >= 2, "the shell and its daemon")
        }

        /// What must hold whatever was killed, once nothing runs any more.
        static func expectOrder(_ story: Story, _ database: Database, _ task: String) async throws {
            #expect(story.lines("violations") == [])
            #expect(try await database.lostSlots(of: task) == 0)
            #expect(try await database.doubledSlots(of: task) == 0)
            let unretried = try await database.count(
                task,
                where: """
                    status = 'failed' AND reason = 'lost' AND attempt_number < 4 AND NOT EXISTS (
                        SELECT FROM qkron.executions AS retry
                        WHERE retry.retry_of = executions.id AND retry.trigger = 'retry'
                        AND retry.scheduled_for = executions.scheduled_for)
                    """)
            #expect(unretried == 0, "every lost run has its retry")
            let doubledRetries = try await database.number(
                """
                SELECT count(*) FROM (
                    SELECT FROM qkron.executions WHERE retry_of IS NOT NULL GROUP BY retry_of HAVING count(*) > 1) AS doubled
                """)
            #expect(doubledRetries == 0)
            #expect(Ledger(story.lines("started")).doubled.isEmpty)
            let ended = Ledger(story.lines("ended"))
            #expect(ended.doubled.isEmpty)
            let completed = try await database.count(task, where: "status = 'completed'")
            let lost = try await database.count(task, where: "reason = 'lost'")
            // A command may come to its end with nobody left to record it; then the run counts as lost.
            #expect((completed...completed + lost).contains(ended.lines.count))
        }

        @Test(arguments: Victim.allCases)
        func `after kill -9 nothing is lost, doubled or left behind`(victim: Victim) async throws {
            try await Story.tell("crash_\(victim)") { story in
                let database = try await story.database()
                let server = try await story.server(database: database, settings: Self.settings)
                let person = try await server.newcomer()
                let task = try await makeTask(for: person, in: story)
                for round in 1...2 {
                    let executor = try await server.executorID()
                    try await runIsInTheMiddle(story)
                    kill(executor, SIGKILL)
                    if victim == .both {
                        try await server.kill()
                        try await server.start()
                    } else {
                        try await eventually("the server has a new executor") {
                            let id = try await server.executorID()
                            return id != executor
                        }
                    }
                    try await eventually("lost run \(round) is recorded and its retry completes") {
                        try await database.count(task, where: "status = 'completed' AND trigger = 'retry'") >= round
                    }
                }
                _ = try await person.call("POST", "/tasks/\(task)/pause")
                try await eventually("all runs have ended") {
                    try await database.count(task, where: "ended_at IS NULL") == 0
                }
                try await eventually("no process of a command is left") { story.processes().isEmpty }
                try await Self.expectOrder(story, database, task)
                let lost = try await person.executions(of: task, "status=failed")
                #expect(lost.count == 2)
                for run in lost {
                    #expect(run["reason"] == "lost" && run["return_code"] == .null)
                    #expect(run["error"].string?.contains("interrupted") == true)
                }
                let retries = try await person.executions(of: task, "trigger=retry")
                #expect(Set(retries.compactMap { $0["retry_of"].string }) == Set(lost.compactMap { $0["id"].string }))
                #expect(retries.allSatisfy { $0["attempt_number"] == 2 }, "attempts count on from the lost run's")
            }
        }

        @Test func `another server takes over when the lease of a killed one has lapsed`() async throws {
            try await Story.tell("takeover") { story in
                let database = try await story.database()
                let first = try await story.server("-a", database: database, settings: Self.settings)
                let person = try await first.newcomer()
                let task = try await makeTask(for: person, in: story)
                try await runIsInTheMiddle(story)
                let second = try await story.server("-b", database: database, settings: Self.settings)
                let executor = try await first.executorID()
                try await runIsInTheMiddle(story)
                kill(executor, SIGSTOP)
                try await first.kill()
                kill(executor, SIGCONT)
                try await eventually("the run goes on elsewhere") {
                    try await database.count(task, where: "node_name = 'takeover-b' AND status = 'completed'") >= 2
                }
                let survivor = Person(
                    server: second, id: person.id, username: person.username, password: person.password,
                    token: person.token)
                _ = try await survivor.call("POST", "/tasks/\(task)/pause")
                try await eventually("all runs have ended") {
                    try await database.count(task, where: "ended_at IS NULL") == 0
                }
                #expect(story.processes().isEmpty)
                try await Self.expectOrder(story, database, task)
            }
        }

        @Test func `a private PostgreSQL that is killed comes back, and the tasks go on`() async throws {
            try await Story.tell("postmaster") { story in
                let server = try await story.server()
                let person = try await server.newcomer()
                let task = try await person.makeTask([
                    "schedule_type": "interval", "schedule": "1s", "overlap_policy": "queue",
                ])
                func completed() async throws -> Int { try await person.executions(of: task, "status=completed").count }
                try await eventually("a first slot has run") { try await completed() > 0 }
                let postmaster = try #require(Self.postmaster(of: server))
                kill(postmaster, SIGKILL)
                let statuses = try await eventually(within: .seconds(60), "there is a new postmaster") {
                    let status = try await server.send(
                        "GET", "/api/v1/tasks", headers: [("Authorization", "Bearer \(person.token)")]
                    ).status
                    guard let new = Self.postmaster(of: server), new != postmaster, status == 200 else {
                        #expect(status == 200 || status == 503)
                        return nil as Int?
                    }
                    return status
                }
                #expect(statuses == 200)
                try await server.waitUntilReady()
                let before = try await completed()
                try await eventually(within: .seconds(30), "slots run again") { try await completed() >= before + 2 }
                let slots = try await person.executions(of: task).compactMap { $0["scheduled_for"].string }
                #expect(Set(slots).count == slots.count)
                #expect(try await server.stop() == .exited(0))
            }
        }

        @Test func `after kill -9 of the server its private PostgreSQL is taken over, with all data`() async throws {
            try await Story.tell("orphan") { story in
                let server = try await story.server()
                let person = try await server.newcomer()
                let task = try await person.makeTask(["name": "still there"])
                try await server.kill()
                try await server.start()
                #expect(try await person.get("/tasks/\(task)")["name"] == "still there")
                #expect(try await server.stop() == .exited(0))
                #expect(ProcessTable.bearing(server.dataDirectory).isEmpty)
            }
        }

        private static func postmaster(of server: QkronServer) -> Int32? {
            let file = "\(server.dataDirectory)/postgres/postmaster.pid"
            guard let data = FileManager.default.contents(atPath: file) else { return nil }
            let line = String(decoding: data, as: UTF8.self).split(separator: "\n").first
            return line.flatMap { Int32($0) }
        }
    }
}
