import EndToEndSupport
import Foundation
import Testing

/// Tasks of all manners that an earlier server was given, due every second, and what their commands noted.
struct EarlierWork {
    /// A run that goes on until its gate is there.
    struct LongRun {
        let id: String
        let task: String
        let gate: String
    }

    let person: Person
    let byHand: String
    private let tasks: [String]
    private let ticking: String
    private let story: Story
    private let database: Database

    private static let manners: [JSON] = [
        ["overlap_policy": "allow"], ["overlap_policy": "queue"], ["overlap_policy": "skip"],
        ["overlap_policy": "queue", "misfire_policy": "fire_all", "misfire_grace": 1],
        ["overlap_policy": "skip", "command": "sleep 2.5"],
        // Succeeds when it is tried again, wherever that is.
        ["overlap_policy": "allow", "command": "[ $QKRON_ATTEMPT != 1 ]"],
    ]

    init(of server: QkronServer, in story: Story, _ database: Database) async throws {
        (self.story, self.database) = (story, database)
        person = try await server.superuser()
        byHand = try await person.makeTask([
            "overlap_policy": "allow", "env": story.environment, "command": .string(Self.note(in: story)),
        ])
        var tasks: [String] = []
        for (number, manner) in (Self.manners + Self.manners).enumerated() {
            let schedule: JSON =
                number < Self.manners.count
                ? ["schedule_type": "interval", "schedule": "1s"]
                : ["schedule_type": "cron", "schedule": "* * * * * *"]
            let own: JSON = [
                "env": story.environment, "max_retries": 3, "retry_delay": 0,
                "command": .string("\(Self.note(in: story)); \(manner["command"].string ?? "true")"),
            ]
            tasks.append(try await person.makeTask(manner.merging(schedule).merging(own)))
        }
        self.tasks = tasks
        ticking = tasks[0]
    }

    /// One write of one line, which the system keeps whole.
    private static func note(in story: Story) -> String {
        "echo \"$QKRON_SCHEDULED_FOR $QKRON_EXECUTION_ID $QKRON_FENCING_TOKEN\" >> \(story.directory)/ledger"
    }

    /// The same person, asking at another server.
    func person(at server: QkronServer) -> Person {
        Person(
            server: server, id: person.id, username: person.username, password: person.password, token: person.token)
    }

    /// Waits until so many slots have come, with runs on a server among them.
    func goesOn(for slots: Int, on node: String) async throws {
        let latest = try await database.rows(
            "SELECT coalesce(max(scheduled_for), now()) FROM qkron.executions WHERE trigger = 'schedule'")
        try await eventually(within: .seconds(60 + 2 * slots), "\(slots) slots have run, also on \(node)") {
            let since = "scheduled_for > '\(latest[0][0])' AND trigger = 'schedule' AND status = 'completed'"
            guard try await database.count(ticking, where: since) >= slots else { return false }
            return try await database.number(
                "SELECT count(*) FROM qkron.executions WHERE \(since) AND node_name = '\(node)'") > 0
        }
    }

    /// Starts a run that waits, on any server or on a certain one.
    func beginLongRun(on node: String? = nil) async throws -> LongRun {
        while true {
            let gate = "gate-\(UUID().uuidString)"
            let task = try await person.makeTask([
                "env": story.environment, "retry_delay": 0,
                "command": .string(
                    "\(Self.note(in: story)); until test -e \(story.directory)/\(gate); do sleep 0.05; done"),
            ])
            let run = LongRun(id: try await person.execute(task), task: task, gate: gate)
            let begun = try await person.execution(run.id, of: task, is: "running")
            if node == nil || begun["node"].string == node { return run }
            try story.make(gate)
        }
    }

    /// Opens the gate of a run: it ends where it began, at its first attempt.
    func end(_ run: LongRun) async throws {
        let begun = "SELECT node_name, fencing_token FROM qkron.executions WHERE id = '\(run.id)'"
        let lease = try await database.rows(begun)
        try story.make(run.gate)
        try await eventually(within: .seconds(30), "the long run is recorded") {
            try await database.count(run.task, where: "id = '\(run.id)' AND status = 'completed'") == 1
        }
        #expect(try await database.rows(begun) == lease)
        #expect(try await database.count(run.task) == 1)
    }

    /// What a clerk was told is so.
    func check(_ clerk: Clerk) async throws {
        #expect(clerk.failures == [] && clerk.answers > 20)
        for (id, name) in clerk.kept {
            #expect(
                try await database.number(
                    "SELECT count(*) FROM qkron.tasks WHERE id = '\(id)' AND name = '\(name)' AND priority = 7") == 1)
        }
        let wanted = clerk.runs.map { "'\($0)'" }.joined(separator: ",")
        try await eventually("the runs by hand have completed") {
            try await database.number(
                "SELECT count(*) FROM qkron.executions WHERE id IN (\(wanted)) AND status = 'completed'")
                == clerk.runs.count
        }
    }

    /// Waits until each task has come to a further slot, pauses all, and waits until every run has ended.
    func settle(through person: Person? = nil) async throws {
        let now = try await database.rows("SELECT now()")[0][0]
        for task in tasks {
            try await eventually(within: .seconds(60), "a further slot has come") {
                try await database.count(task, where: "scheduled_for > '\(now)'") > 0
            }
        }
        for task in tasks { _ = try await (person ?? self.person).call("POST", "/tasks/\(task)/pause") }
        try await eventually(within: .seconds(60), "every run has ended") {
            try await database.number("SELECT count(*) FROM qkron.executions WHERE ended_at IS NULL") == 0
        }
    }

    /// Every slot has one execution.
    func checkSlots() async throws {
        for task in tasks {
            #expect(try await database.lostSlots(of: task) == 0)
            #expect(try await database.doubledSlots(of: task) == 0)
        }
    }

    /// Every slot has one verdict, nothing ran twice, and what ran is what is recorded.
    func checkAll() async throws {
        try await checkSlots()
        let unexpected = try await database.rows(
            """
            SELECT t.overlap_policy, t.parameters->>'command', e.status, e.reason, e.attempt_number
            FROM qkron.executions e JOIN qkron.tasks t ON t.id = e.task_id
            WHERE NOT (e.status = 'completed' OR e.status = 'skipped' AND e.reason = 'overlap')
            """)
        #expect(unexpected == [])
        let noted = story.lines("ledger").map { $0.split(separator: " ").map(String.init) }
        try #require(noted.allSatisfy { $0.count == 3 })
        let attempts = Dictionary(grouping: noted) { $0[1] }
        #expect(Set(noted.map { $0[2] }).count == noted.count, "no attempt ran twice")
        let recorded = try await database.rows(
            "SELECT id, attempt_number, fencing_token FROM qkron.executions WHERE status = 'completed'")
        #expect(Set(recorded.map { $0[0] }) == Set(attempts.keys))
        for row in recorded {
            let own = try #require(attempts[row[0]])
            #expect("\(own.count)" == row[1] && own.map { $0[2] }.contains(row[2]), "what ran is what is recorded")
        }
        #expect(story.processes().isEmpty)
    }
}
