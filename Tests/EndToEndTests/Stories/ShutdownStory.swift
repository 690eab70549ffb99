import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    @Suite struct ShutdownStory {
        @Test func `SIGTERM lets a running command end, takes up nothing new, and exits 0`() async throws {
            try await Story.tell("drain") { story in
                let database = try await story.database()
                let server = try await story.server(database: database)
                let person = try await server.newcomer()
                let task = try await person.makeTask(["command": "echo begin; sleep 1.5; echo end"])
                let run = try await person.execute(task)
                try await person.execution(run, of: task, is: "running")
                #expect(try await server.stop() == .exited(0))
                let row = try await database.rows(
                    "SELECT status, return_code, stdout FROM qkron.executions JOIN qkron.execution_output ON id = execution_id"
                )
                #expect(row.first == ["completed", "0", "begin"])
                #expect(ProcessTable.bearing(server.dataDirectory).isEmpty)
            }
        }

        @Test func `a command that outlasts the grace is killed, recorded, and retried by the next start`() async throws
        {
            try await Story.tell("grace") { story in
                let database = try await story.database()
                let server = try await story.server(
                    database: database, settings: ["SHUTDOWN_GRACE": "1", "KILL_GRACE": "1"])
                let person = try await server.newcomer()
                let task = try await person.makeTask([
                    "command": "test $QKRON_ATTEMPT = 2 || sleep 1000", "retry_delay": 1, "env": story.environment,
                ])
                let run = try await person.execute(task)
                try await person.execution(run, of: task, is: "running")
                #expect(try await server.stop() == .exited(0))
                #expect(story.processes().isEmpty)
                let row = try await database.rows("SELECT status, reason FROM qkron.executions WHERE id = '\(run)'")
                #expect(row == [["failed", "shutdown"]])
                try await server.start()
                let retry = try await eventually("the run is retried") {
                    try await person.executions(of: task, "trigger=retry&status=completed").first
                }
                #expect(retry["retry_of"] == .string(run) && retry["attempt_number"] == 2)
            }
        }

        @Test func `SIGTERM in the middle of a start takes back what the start began`() async throws {
            try await Story.tell("given_up") { story in
                let server = QkronServer("given_up", in: story.stage.workspace)
                let process = try await server.launch()
                try await eventually("its private PostgreSQL is being made or started") {
                    ProcessTable.bearing("\(server.dataDirectory)/postgres").count > 0
                }
                process.signal(SIGTERM)
                #expect(try await process.wait(within: .seconds(60)) == .exited(0))
                #expect(ProcessTable.bearing(server.dataDirectory).isEmpty)
            }
        }

        @Test func `SIGHUP before the server runs is no end, and SIGTERM after it one`() async throws {
            try await Story.tell("impatient") { story in
                let server = QkronServer(
                    "impatient", in: story.stage.workspace,
                    settings: ["DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"])
                let process = try await server.launch()
                try await eventually("it looks for its database") { process.error.contains("database unreachable") }
                for _ in 0..<3 { process.signal(SIGHUP) }
                process.signal(SIGTERM)
                #expect(try await process.wait(within: .seconds(60)) == .exited(0))
                #expect(!process.error.contains("Fatal error"))
            }
        }

        @Test func `a pause survives a restart, and resume goes on from now`() async throws {
            try await Story.tell("pause") { story in
                let database = try await story.database()
                let server = try await story.server(database: database)
                let person = try await server.newcomer()
                let task = try await person.makeTask(["schedule_type": "interval", "schedule": "1s"])
                try await eventually("a slot has run") {
                    try await database.count(task, where: "status = 'completed'") > 0
                }
                _ = try await person.call("POST", "/tasks/\(task)/pause")
                try await eventually("its last run has ended") {
                    try await database.count(task, where: "ended_at IS NULL") == 0
                }
                let before = try await database.count(task)
                try await server.stop()
                try await server.start()
                let paused = try await person.get("/tasks/\(task)")
                #expect(paused["is_active"] == false && paused["next_run"] == .null)
                // Long enough for slots to come due, had the pause been forgotten: another task's slots show it.
                let clock = try await person.makeTask(["schedule_type": "interval", "schedule": "1s"])
                try await eventually("another task has run thrice") {
                    try await database.count(clock, where: "status = 'completed'") >= 3
                }
                #expect(try await database.count(task) == before)
                let resumed = Date()
                _ = try await person.call("POST", "/tasks/\(task)/resume")
                try await eventually("the task runs again") { try await database.count(task) > before }
                let past = try await database.count(
                    task,
                    where:
                        "created_at > to_timestamp(\(resumed.timeIntervalSince1970)) AND scheduled_for < to_timestamp(\(resumed.timeIntervalSince1970 - 1))"
                )
                #expect(past == 0, "nothing fires for the time of the pause")
            }
        }
    }
}
