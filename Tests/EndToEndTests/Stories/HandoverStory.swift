import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    /// Runs outlive their server: the next one on the same data directory carries on with them.
    @Suite struct HandoverStory {
        /// Says a word, waits for the gate, says another, and ends in its own way.
        private static func task(in story: Story) -> JSON {
            [
                "command": .string(
                    """
                    echo before; touch \(story.directory)/begun
                    until test -e \(story.directory)/gate; do sleep 0.05; done
                    echo after; echo once >> \(story.directory)/count; exit 7
                    """),
                "env": story.environment, "max_retries": 0,
            ]
        }

        private func begin(_ person: Person, in story: Story) async throws -> (task: String, run: JSON) {
            let task = try await person.makeTask(Self.task(in: story))
            let id = try await person.execute(task)
            try await eventually("the command has begun") {
                FileManager.default.fileExists(atPath: "\(story.directory)/begun")
            }
            return (task, try await person.execution(id, of: task, is: "running"))
        }

        /// The run ends as it would have with one server all along.
        private func expectCarriedOn(_ run: JSON, of task: String, _ person: Person, in story: Story) async throws {
            try story.make("gate")
            let id = try #require(run["id"].string)
            let ended = try await person.execution(id, of: task, is: "failed")
            #expect(ended["reason"] == "exit_code" && ended["return_code"] == 7)
            #expect(ended["stdout"] == "before\nafter\n")
            #expect(ended["attempt_number"] == 1 && ended["earlier_attempts"] == [])
            #expect(ended["fencing_token"] == run["fencing_token"])
            #expect(try await person.executions(of: task).count == 1)
            #expect(story.lines("count").count == 1, "the command ran once")
        }

        @Test func `a server killed by -9 and started again carries on with its runs`() async throws {
            try await Story.tell("carry_on") { story in
                let server = try await story.server(settings: ["LEASE_SECONDS": "60"])
                let person = try await server.newcomer()
                let (task, run) = try await begin(person, in: story)
                let executor = try await server.executorID()
                try await server.kill()
                try await server.start()
                #expect(try await server.executorID() == executor)
                try await expectCarriedOn(run, of: task, person, in: story)
            }
        }

        @Test func `what ended while no server was there is recorded by the next one`() async throws {
            try await Story.tell("meanwhile") { story in
                let server = try await story.server(settings: ["LEASE_SECONDS": "60"])
                let person = try await server.newcomer()
                let (task, run) = try await begin(person, in: story)
                try await server.kill()
                try story.make("gate")
                try await eventually("the command has ended") { story.processes().isEmpty }
                try await server.start()
                try await expectCarriedOn(run, of: task, person, in: story)
            }
        }

        @Test func `a run that was cancelled while its server was away is ended by the next one`() async throws {
            try await Story.tell("cancelled_meanwhile") { story in
                let database = try await story.database()
                let server = try await story.server(database: database, settings: ["LEASE_SECONDS": "60"])
                let other = try await story.server("_api", database: database, settings: ["COMPONENTS": "api"])
                let person = try await server.newcomer()
                let (task, run) = try await begin(person, in: story)
                let id = try #require(run["id"].string)
                try await server.kill()
                let answer = try await other.call(
                    "POST", "/tasks/\(task)/executions/\(id)/cancel", token: person.token)
                #expect(answer.status == 202)
                try await server.start()
                try await person.execution(id, of: task, is: "cancelled")
                #expect(story.processes().isEmpty)
            }
        }

        @Test func `SIGHUP replaces the server in place: no run is lost and no request refused`() async throws {
            try await Story.tell("in_place") { story in
                let server = try await story.server(settings: ["LEASE_SECONDS": "60"])
                let person = try await server.newcomer()
                let (task, run) = try await begin(person, in: story)
                let (id, executor) = (try #require(await server.processID), try await server.executorID())
                let postmaster = try postmaster(of: server)
                let port = await server.port
                let visitors = Visitors(port: port)
                try await visitors.whileVisiting {
                    for round in 1...2 {
                        await server.reload()
                        try await untilListening(server, replacement: round)
                    }
                }
                #expect(visitors.failures == [])
                #expect(visitors.answers > 20)
                #expect(await server.processID == id)
                #expect(try await server.executorID() == executor)
                #expect(try self.postmaster(of: server) == postmaster)
                try await expectCarriedOn(run, of: task, person, in: story)
                #expect(try await server.stop() == .exited(0))
                #expect(ProcessTable.bearing(server.dataDirectory).isEmpty)
            }
        }

        @Test func `a request that takes longer than the lease costs no run at a reload`() async throws {
            try await Story.tell("slow_request") { story in
                let server = try await story.server(settings: ["LEASE_SECONDS": "5"])
                let person = try await server.newcomer()
                let (task, run) = try await begin(person, in: story)
                let body = #"{"name": "slow", "command": "true", "schedule": "@daily"}"#
                let connection = try Connection(port: await server.port)
                await connection.send(
                    Array(
                        """
                        POST /api/v1/tasks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(person.token)\r
                        Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body.prefix(9))
                        """.utf8))
                await server.reload()
                try await Task.sleep(for: .seconds(7))  // The lease could lapse.
                await connection.send(Array(body.dropFirst(9).utf8))
                #expect(try await connection.response()?.status == 201)
                try await untilListening(server, replacement: 1)
                try await expectCarriedOn(run, of: task, person, in: story)
                #expect(try await server.stop() == .exited(0))
            }
        }

        @Test func `after an upgrade the older executor finishes its runs and leaves`() async throws {
            try await Story.tell("upgrade") { story in
                let program = "\(story.directory)/qkron"
                try await story.install(Tool.qkron(), as: program)
                let server = try await story.server(program: program, settings: ["LEASE_SECONDS": "60"])
                let person = try await server.newcomer()
                let (task, run) = try await begin(person, in: story)
                let old = try await server.executorID()
                try await story.install(Tool.qkron(), as: program)
                await server.reload()
                try await eventually("there is a new executor beside the old one") {
                    let executors = ProcessTable.executors(in: server.dataDirectory)
                    return executors.count == 2 && executors.contains(old)
                }
                let quick = try await person.makeTask(["command": "echo $PPID"])
                let quickRun = try await person.execute(quick)
                let parent = try await person.execution(quickRun, of: quick, is: "completed")["stdout"].string
                #expect(parent != "\(old)\n", "new runs go to the new executor")
                try await expectCarriedOn(run, of: task, person, in: story)
                try await eventually("the old executor has left") { !ProcessTable.isAlive(old) }
                #expect(try await server.stop() == .exited(0))
            }
        }

        @Test func `a program that cannot start replaces nothing`() async throws {
            try await Story.tell("broken_upgrade") { story in
                let program = "\(story.directory)/qkron"
                try await story.install(Tool.qkron(), as: program)
                let server = try await story.server(program: program)
                let person = try await server.newcomer()
                try await story.shell(
                    """
                    printf '#!/bin/sh\\necho I am broken >&2\\nexit 1\\n' > '\(program).new'
                    chmod 755 '\(program).new' && mv '\(program).new' '\(program)'
                    """)
                await server.reload()
                try await eventually("the log tells why") { await server.log.contains("I am broken") }
                #expect(try await person.get("/auth/me")["username"] == .string(person.username))
                #expect(try await server.stop() == .exited(0))
            }
        }

        private func untilListening(_ server: QkronServer, replacement number: Int) async throws {
            try await eventually("replacement \(number) listens") {
                await server.output.split(separator: "\n").filter { $0.hasPrefix("Listening") }.count == 1 + number
            }
        }

        private func postmaster(of server: QkronServer) throws -> String {
            let file = try String(contentsOfFile: "\(server.dataDirectory)/postgres/postmaster.pid", encoding: .utf8)
            return try #require(file.split(separator: "\n").first.map(String.init))
        }
    }
}
