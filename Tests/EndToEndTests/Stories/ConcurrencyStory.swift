import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    @Suite struct ConcurrencyStory {
        /// A command that runs until the file `go` lies in its directory, and tells when it is not alone.
        static func command(in directory: String) -> String {
            """
            mkdir \(directory)/alone 2>/dev/null || echo $QKRON_EXECUTION_ID >> \(directory)/overlapped
            until test -e \(directory)/go; do sleep 0.05; done
            rmdir \(directory)/alone 2>/dev/null
            \(Ledger.command("\(directory)/ended"))
            """
        }

        @Test func `a server that may run one command at a time lets the second wait, and takes the urgent one first`()
            async throws
        {
            try await Story.tell("limit") { story in
                let database = try await story.database()
                let server = try await story.server(database: database, settings: ["MAX_CONCURRENCY": "1"])
                let person = try await server.newcomer()
                let command = JSON.string(Self.command(in: story.directory))
                var runs: [(task: String, run: String)] = []
                for priority in [5, 1, 10] {
                    let task = try await person.makeTask([
                        "command": command, "priority": .integer(priority), "env": story.environment,
                    ])
                    runs.append((task, try await person.execute(task)))
                    if priority == 5 { try await person.execution(runs[0].run, of: task, is: "running") }
                }
                for (task, run) in runs.dropFirst() {
                    let waiting = try await eventually("the run is told why it waits") { () -> JSON? in
                        let execution = try await person.execution(run, of: task)
                        guard execution["reason"] == "concurrency" else { return nil }
                        return execution
                    }
                    #expect(
                        waiting["status"] == "pending" && waiting["start_time"] == .null
                            && waiting["attempt_number"] == 0)
                }
                try story.make("go")
                for (task, run) in runs { try await person.execution(run, of: task, is: "completed") }
                #expect(story.lines("overlapped") == [])
                #expect(Ledger(story.lines("ended")).lines.map(\.task) == [runs[0].task, runs[2].task, runs[1].task])
            }
        }

        @Test func `a slot that meets a run is skipped, and a run by hand waits`() async throws {
            try await Story.tell("skip") { story in
                let database = try await story.database()
                let server = try await story.server(database: database)
                let person = try await server.newcomer()
                let task = try await person.makeTask([
                    "schedule_type": "interval", "schedule": "1s", "overlap_policy": "skip", "env": story.environment,
                    "command": .string(Self.command(in: story.directory)),
                ])
                try await eventually("slots are skipped") {
                    try await database.count(task, where: "status = 'skipped' AND reason = 'overlap'") >= 2
                }
                let byHand = try await person.execute(task)
                let waiting = try await person.execution(byHand, of: task)
                #expect(waiting["status"] == "pending")
                #expect(try await database.count(task, where: "status = 'running'") == 1)
                _ = try await person.call("POST", "/tasks/\(task)/pause")
                try story.make("go")
                try await person.execution(byHand, of: task, is: "completed")
                #expect(story.lines("overlapped") == [])
                #expect(try await database.lostSlots(of: task) == 0)
            }
        }

        @Test func `queued runs follow each other in order, allowed ones run side by side`() async throws {
            try await Story.tell("queue") { story in
                let database = try await story.database()
                let server = try await story.server(database: database, settings: ["MAX_TASK_CONCURRENCY": "2"])
                let person = try await server.newcomer()
                func runs(_ policy: String) async throws -> (String, [String]) {
                    let directory = "\(story.directory)/\(policy)"
                    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
                    chmod(directory, 0o777)
                    let task = try await person.makeTask([
                        "overlap_policy": .string(policy), "command": .string(Self.command(in: directory)),
                        "env": story.environment,
                    ])
                    var runs: [String] = []
                    for _ in 1...3 { runs.append(try await person.execute(task)) }
                    return (task, runs)
                }
                let (queued, queuedRuns) = try await runs("queue")
                let (allowed, allowedRuns) = try await runs("allow")
                try await person.execution(queuedRuns[0], of: queued, is: "running")
                try await eventually("two allowed runs run beside each other") {
                    try await database.count(allowed, where: "status = 'running'") == 2
                }
                #expect(try await database.count(queued, where: "status = 'running'") == 1)
                #expect(
                    try await database.count(allowed, where: "status = 'pending'") == 1, "MAX_TASK_CONCURRENCY is 2")
                for policy in ["queue", "allow"] {
                    try story.make("\(policy)/go")
                }
                for run in queuedRuns { try await person.execution(run, of: queued, is: "completed") }
                for run in allowedRuns { try await person.execution(run, of: allowed, is: "completed") }
                #expect(story.lines("queue/overlapped") == [])
                #expect(!story.lines("allow/overlapped").isEmpty)
                let tokens = Ledger(story.lines("queue/ended")).lines.map(\.token)
                #expect(tokens == tokens.sorted() && tokens.count == 3)
            }
        }

        @Test func `a run cancels the previous one, whose tree is dead before the new one starts`() async throws {
            try await Story.tell("previous") { story in
                let database = try await story.database()
                let server = try await story.server(database: database, settings: ["KILL_GRACE": "1"])
                let person = try await server.newcomer()
                let lock = "\(story.directory)/lock"
                let task = try await person.makeTask([
                    "overlap_policy": "cancel_previous", "env": story.environment,
                    "command": .string(
                        """
                        exec 9>>\(lock); flock -n 9 || echo beside >> \(story.directory)/violations
                        (setsid sh -c "trap '' TERM; sleep 1000" &)
                        echo $QKRON_EXECUTION_ID >> \(story.directory)/started
                        sleep 1000
                        """),
                ])
                let first = try await person.execute(task)
                try await eventually("the first run is in the middle") { story.lines("started") == [first] }
                let second = try await person.execute(task)
                let superseded = try await person.execution(first, of: task, is: "cancelled")
                #expect(superseded["reason"] == "superseded")
                try await eventually("the second run has started") { story.lines("started") == [first, second] }
                #expect(story.lines("violations") == [])
                _ = try await person.call("POST", "/tasks/\(task)/executions/\(second)/cancel")
                try await person.execution(second, of: task, is: "cancelled")
                #expect(story.processes().isEmpty)
            }
        }
    }
}
