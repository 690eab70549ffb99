import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    /// Several servers with different labels: each runs what is its own, and leaves and comes back without loss.
    @Suite struct LabelStory {
        /// A task that runs every second, notes its runs, and may only run where `labels` are carried.
        private func makeTask(for person: Person, in story: Story, requires labels: JSON) async throws -> String {
            try await person.makeTask([
                "schedule_type": "interval", "schedule": "1s", "overlap_policy": "queue", "requires": labels,
                "env": story.environment, "command": .string(Ledger.command("\(story.directory)/ledger")),
            ])
        }

        private func node(_ name: String, as root: Person) async throws -> JSON {
            try #require(try await root.get("/nodes").items.first { $0["name"].string == name })
        }

        private func ask(_ verb: String, _ name: String, as root: Person) async throws {
            let id = try await node(name, as: root)["id"]
            let answer = try await root.call("POST", "/nodes/\(id.string ?? "")/\(verb)")
            #expect(answer.verdict == "202")
            #expect(try answer.json.keys == ["message", "id"] && answer.json["id"] == id)
        }

        private func pauseAndSettle(_ tasks: [String], _ person: Person, _ database: Database) async throws {
            for task in tasks { _ = try await person.call("POST", "/tasks/\(task)/pause") }
            try await eventually("all runs have ended") {
                try await database.number("SELECT count(*) FROM qkron.executions WHERE ended_at IS NULL") == 0
            }
        }

        @Test func `two servers with different labels each get only their own`() async throws {
            try await Story.tell("labels") { story in
                let database = try await story.database()
                let first = try await story.server("-a", database: database, settings: ["LABELS": "gpu, eu,gpu"])
                let second = try await story.server("-b", database: database, settings: ["QKRON_LABELS": "ssd,eu"])
                let root = try await first.superuser()
                #expect(try await node("labels-a", as: root)["labels"] == ["gpu", "eu"])
                #expect(try await node("labels-b", as: root)["labels"] == ["ssd", "eu"])
                let person = try await second.newcomer()
                let (onGPU, onSSD, anywhere) = (
                    try await makeTask(for: person, in: story, requires: ["gpu"]),
                    try await makeTask(for: person, in: story, requires: ["eu", "ssd"]),
                    try await makeTask(for: person, in: story, requires: ["eu"])
                )
                try await eventually("each has run four times") {
                    for task in [onGPU, onSSD, anywhere] {
                        guard try await database.count(task, where: "status = 'completed'") >= 4 else { return false }
                    }
                    return true
                }
                try await pauseAndSettle([onGPU, onSSD, anywhere], person, database)
                #expect(try await database.count(onGPU, where: "node_name <> 'labels-a'") == 0)
                #expect(try await database.count(onSSD, where: "node_name <> 'labels-b'") == 0)
                #expect(Ledger(story.lines("ledger")).doubled.isEmpty)
                for server in [first, second] { #expect(try await server.stop() == .exited(0)) }
            }
        }

        @Test func `with nobody to carry the labels a run waits, and starts as soon as a server joins`() async throws {
            try await Story.tell("joins") { story in
                let database = try await story.database()
                let first = try await story.server("-a", database: database)
                let person = try await first.newcomer()
                let task = try await person.makeTask(["requires": ["gpu"]])
                let run = try await person.execute(task)
                #expect(try await person.execution(run, of: task)["reason"] == "no_server")
                let second = try await story.server("-b", database: database, settings: ["LABELS": "gpu"])
                let ran = try await person.execution(run, of: task, is: "completed")
                #expect(ran["node"] == "joins-b" && ran["reason"] == .null)
                #expect(try await second.stop() == .exited(0))
                let later = try await person.execute(task)
                #expect(try await person.execution(later, of: task)["reason"] == "no_server", "it has gone again")
                let root = try await first.superuser()
                #expect(try await node("joins-b", as: root)["status"] == "gone")
            }
        }

        @Test func `a drained server gets nothing, its run goes on, and it is drained after a restart too`()
            async throws
        {
            try await Story.tell("drain") { story in
                let database = try await story.database()
                let first = try await story.server("-a", database: database)
                let (root, person) = (try await first.superuser(), try await first.newcomer())
                let long = try await person.makeTask([
                    "command": .string("until test -e \(story.directory)/go; do sleep 0.05; done"),
                    "env": story.environment,
                ])
                let run = try await person.execute(long)
                try await person.execution(run, of: long, is: "running")
                let second = try await story.server("-b", database: database)
                #expect(try await node("drain-a", as: root)["running"] == 1)
                try await ask("drain", "drain-a", as: root)
                let ticking = try await makeTask(for: person, in: story, requires: [])
                try await eventually("four slots have run") {
                    try await database.count(ticking, where: "status = 'completed'") >= 4
                }
                #expect(try await database.count(ticking, where: "node_name = 'drain-a'") == 0)
                let draining = try await node("drain-a", as: root)
                #expect(draining["status"] == "draining" && draining["running"] == 1)
                try story.make("go")
                let ended = try await person.execution(run, of: long, is: "completed")
                #expect(ended["attempt_number"] == 1 && ended["node"] == "drain-a")

                #expect(try await first.stop() == .exited(0))
                try await first.start()
                #expect((await first.log).contains("draining"))
                // The restarted server listens elsewhere.
                let again = try await first.superuser()
                #expect(try await node("drain-a", as: again)["status"] == "draining")
                _ = try await person.call("POST", "/tasks/\(ticking)/pause")
                #expect(try await second.stop() == .exited(0))
                let waiting = try await person.execute(long)
                #expect(try await person.execution(waiting, of: long)["reason"] == "no_server")
                try await ask("undrain", "drain-a", as: again)
                // Felt at once: a nap may last ten seconds.
                try await person.execution(waiting, of: long, is: "completed", within: .seconds(5))
                try await pauseAndSettle([ticking], person, database)
                #expect(try await database.lostSlots(of: ticking) == 0)
                #expect(try await database.doubledSlots(of: ticking) == 0)
                #expect(Ledger(story.lines("ledger")).doubled.isEmpty)
            }
        }

        @Test func `a second server that comes and goes neither loses nor doubles a slot`() async throws {
            try await Story.tell("guest") { story in
                let database = try await story.database()
                let first = try await story.server("-a", database: database)
                let person = try await first.newcomer()
                var tasks: [String] = []
                for _ in 1...10 { tasks.append(try await makeTask(for: person, in: story, requires: [])) }
                func completed(on node: String) async throws -> Int {
                    try await database.number(
                        "SELECT count(*) FROM qkron.executions WHERE status = 'completed' AND node_name = '\(node)'")
                }
                try await eventually("they run") { try await completed(on: "guest-a") >= 20 }
                let second = try await story.server("-b", database: database)
                try await eventually("both run") { try await completed(on: "guest-b") >= 10 }
                #expect(try await second.stop() == .exited(0))
                let before = try await completed(on: "guest-a")
                try await eventually("the first goes on") { try await completed(on: "guest-a") >= before + 20 }
                try await pauseAndSettle(tasks, person, database)
                for task in tasks {
                    #expect(try await database.lostSlots(of: task) == 0)
                    #expect(try await database.doubledSlots(of: task) == 0)
                }
                let noted = Ledger(story.lines("ledger"))
                let runs = try await database.number("SELECT count(*) FROM qkron.executions")
                #expect(noted.doubled.isEmpty && noted.lines.count == runs)
                #expect(Set(noted.lines.map { "\($0.task) \($0.slot)" }).count == runs)
            }
        }
    }
}
