import Domain
import Foundation
import Postgres
import Scheduling
import Storage
import TestSupport
import Testing

@testable import Operations

@Suite struct AuditTests {
    private let now = Date(timeIntervalSince1970: 1_700_000_000)

    /// The rows of an operation's database, oldest first, as `actor: action`.
    private func actions(_ operations: TestOperations) async throws -> [String] {
        try await rows(operations).map { "\($0.actorName ?? "-"): \($0.entry.action)" }
    }

    private func rows(_ operations: TestOperations) async throws -> [AuditRow] {
        try await operations.audit.list(AuditFilter(), .slice(skip: 0, limit: 100), as: Caller(operations.root))
            .rows.reversed()
    }

    @Test func `every change of a task makes one row, and what changes nothing makes none`() async throws {
        let operations = try await TestOperations()
        let (tasks, alice) = (operations.tasks, Caller(operations.alice))
        let task = try await operations.make()
        _ = try await operations.change(task) { $0.name = .value("other") }
        _ = try await operations.change(task) { $0.name = .value("other") }
        try await tasks.pause(task.id, as: alice)
        try await tasks.pause(task.id, as: alice)
        try await tasks.resume(task.id, as: alice)
        let run = try await tasks.execute(task.id, as: alice)
        try await operations.executions.cancel(run, of: task.id, as: alice)
        await expectRefused(.notOwner) { try await tasks.delete(task.id, as: Caller(operations.bob)) }
        await expectRefused(.executionEnded) { try await operations.executions.cancel(run, of: task.id, as: alice) }
        try await tasks.delete(task.id, as: alice)
        let told = try await rows(operations)
        #expect(
            told.map(\.entry.action) == [
                "task.create", "task.update", "task.pause", "task.resume", "task.execute", "execution.cancel",
                "task.delete",
            ])
        #expect(told.allSatisfy { $0.actorType == "user" && $0.actorID?.uuid == operations.alice.id.uuid })
        #expect(told[1].entry.changes == ["name": ["from": "sample", "to": "other"]])
        #expect(told[2].entry.changes == ["is_active": ["from": true, "to": false]])
        #expect(told[4].entry.changes["execution_id"] == ["from": nil, "to": .string(run.description)])
        #expect(told[5].entry.resourceID == run.description)
        #expect(told[6].entry.changes["schedule"] == ["from": "0 4 * * *", "to": nil])
    }

    @Test func `each field that is changed alone makes one row, which names it`() async throws {
        let operations = try await TestOperations()
        let other = try await operations.make()
        let task = try await operations.make {
            $0.parameters["env"] = ["TOKEN": "s3cret", "B": "x"]
            $0.parameters["secret_env"] = ["TOKEN"]
        }
        let changes: [(fields: [TextKey], fill: (inout TaskDraft) -> Void)] = [
            (["name"], { $0.name = .value("other") }), (["description"], { $0.description = .value("d") }),
            (["command"], { $0.parameters["command"] = "false" }),
            (["env"], { $0.parameters["env"] = ["TOKEN": "an0ther", "B": "x"] }),
            (["env"], { $0.parameters["env"] = ["TOKEN": nil, "B": "y"] }),
            (["env", "secret_env"], { $0.parameters["secret_env"] = ["B", "TOKEN"] }),
            (["limits"], { $0.parameters["limits"] = ["processes": 50] }),
            (["working_directory"], { $0.parameters["working_directory"] = "/tmp" }),
            (["max_output_bytes"], { $0.parameters["max_output_bytes"] = 200_000 }),
            (["schedule"], { $0.schedule = .value("0 5 * * *") }),
            (["schedule", "schedule_type"], { ($0.scheduleKind, $0.schedule) = (.value(.interval), .value("1h")) }),
            (["timezone"], { $0.timezone = .value("Europe/Berlin") }),
            (["dst_policy"], { $0.dstPolicy = .value(.twice) }),
            (["misfire_policy"], { $0.misfirePolicy = .value(.skip) }),
            (["misfire_grace"], { $0.misfireGrace = .value(61) }), (["jitter"], { $0.jitter = .value(5) }),
            (["overlap_policy"], { $0.overlapPolicy = .value(.queue) }), (["timeout"], { $0.timeout = .value(7) }),
            (["max_retries"], { $0.maxRetries = .value(1) }), (["retry_delay"], { $0.retryDelay = .value(9) }),
            (["retry_backoff"], { $0.retryBackoff = .value(.exponential) }),
            (["priority"], { $0.priority = .value(6) }),
            (["requires"], { $0.requires = .value(["gpu"]) }), (["tags"], { $0.tags = .value(["t"]) }),
            (["metadata_info"], { $0.metadata = .value(["k": 1]) }),
            (["dependencies"], { $0.dependencies = .value([other.id]) }),
            (["is_active"], { $0.isActive = .value(false) }), (["status"], { $0.cancels = true }),
        ]
        for change in changes {
            let before = try await rows(operations).count
            _ = try await operations.change(task, change.fill)
            let told = try await rows(operations).dropFirst(before)
            #expect(told.map(\.entry.action) == ["task.update"], "\(change.fields)")
            #expect(told.last.map { Set($0.entry.changes.keys) } == Set(change.fields))
        }
        #expect(
            try await rows(operations).last?.entry.changes["status"] == ["from": "pending", "to": "cancelled"])
        let text = try await operations.database.pool.query("SELECT changes::text AS value FROM qkron.audit")
            .map { try $0.decode("value", as: String.self) }.joined()
        #expect(!text.contains("s3cret") && !text.contains("an0ther") && !text.contains("v1."))
    }

    @Test func `another order of tags or labels changes nothing`() async throws {
        let operations = try await TestOperations()
        let task = try await operations.make {
            $0.tags = .value(["b", "a"])
            $0.requires = .value(["gpu", "ssd"])
        }
        let after = try await operations.change(task) {
            $0.tags = .value(["a", "b"])
            $0.requires = .value(["ssd", "gpu"])
        }
        #expect(after.updatedAt == task.updatedAt)
        #expect(try await rows(operations).map(\.entry.action) == ["task.create"])
        _ = try await operations.change(task) { $0.tags = .value(["a", "c"]) }
        #expect(try await rows(operations).map(\.entry.action) == ["task.create", "task.update"])
    }

    @Test func `what a key does is told of its owner, and by which key`() async throws {
        let operations = try await TestOperations()
        let (key, secret) = try await operations.apiKeys.create(
            NewKey(name: "deploy", scopes: [.writeTasks], expiresAt: nil), as: Caller(operations.alice))
        let caller = Caller(try await operations.apiKeys.holder(of: secret))
        let task = try await operations.tasks.create(operations.draft(), as: caller)
        let row = try #require(try await rows(operations).last)
        #expect(row.actorType == "api_key" && row.entry.resourceID == task.id.description)
        #expect(row.actorID?.uuid == operations.alice.id.uuid && row.actorName == "alice")
        #expect(row.key == AuditRow.Key(id: key.id, name: "deploy"))
        var (byKey, byOwner) = (AuditFilter(), AuditFilter())
        (byKey.key, byOwner.actor) = (key.id, Identifier(operations.alice.id.uuid))
        for (filter, expected) in [
            (byKey, ["task.create"]), (byOwner, ["task.create", "api_key.create"]),
        ] {
            let found = try await operations.audit.list(
                filter, .slice(skip: 0, limit: 9), as: Caller(operations.root))
            #expect(found.rows.map(\.entry.action) == expected && found.total == expected.count)
        }
    }

    @Test func `runs asked for at once each have their row, with whoever asked`() async throws {
        let operations = try await TestOperations()
        let task = try await operations.make { $0.overlapPolicy = .value(.allow) }
        let made = try await withThrowingTaskGroup(of: (String, String).self) { group in
            for number in 0..<40 {
                let user = number % 2 == 0 ? operations.alice : operations.root
                let caller = Caller(.user(user), address: "192.0.2.\(number)", requestID: "r\(number)")
                group.addTask {
                    ("r\(number)", try await operations.tasks.execute(task.id, as: caller).description)
                }
            }
            return try await group.reduce(into: [String: String]()) { $0[$1.0] = $1.1 }
        }
        let rows = try await rows(operations).filter { $0.entry.action == "task.execute" }
        #expect(rows.count == 40)
        for row in rows {
            let id = try #require(row.requestID)
            #expect(row.entry.changes["execution_id"] == ["from": nil, "to": .string(made[id] ?? "")])
            #expect(row.address == "192.0.2.\(id.dropFirst())")
        }
    }

    @Test func `what a body may hold at most can be read in the log`() async throws {
        let operations = try await TestOperations()
        let deep = (0..<63).reduce(JSONValue.integer(1)) { value, _ in ["a": value] }
        _ = try await operations.make { $0.metadata = .value(deep) }
        #expect(try await rows(operations).first?.entry.action == "task.create")
    }

    @Test func `secrets are masked, and long values are cut`() async throws {
        let operations = try await TestOperations()
        let task = try await operations.make { draft in
            draft.parameters["env"] = ["TOKEN": "s3cret", "B": "x"]
            draft.metadata = .value(["k": .string(String(repeating: "a", count: 50_000))])
        }
        _ = try await operations.change(task) { $0.parameters["env"] = ["TOKEN": "an0ther", "B": "x"] }
        let told = try await rows(operations)
        #expect(
            told[1].entry.changes == [
                "env": ["from": ["TOKEN": "***", "B": "***"], "to": ["TOKEN": "***", "B": "***"]]
            ])
        let text = try await operations.database.pool.query("SELECT changes::text AS value FROM qkron.audit")
            .map { try $0.decode("value", as: String.self) }.joined()
        #expect(!text.contains("s3cret") && !text.contains("an0ther") && text.utf8.count < 20_000)
    }

    @Test func `logins and accounts are told of, with where they came from and without passwords`() async throws {
        let operations = try await TestOperations()
        let (sessions, users, root) = (operations.sessions, operations.users, Caller(operations.root))
        let nobody = Caller(.anonymous, address: "192.0.2.9", requestID: "abc")
        let account = NewAccount(email: "c@example.org", username: "carol", password: "correct horse")
        let carol = try await sessions.register(account, as: nobody)
        _ = try await sessions.logIn(name: "carol", password: "correct horse", now: now, as: nobody)
        for name in ["carol", "correct horse typed as a name"] {
            await expectRefused(.invalidCredentials) {
                try await sessions.logIn(name: name, password: "wrong horse", now: now, as: nobody)
            }
        }
        var change = UserChange()
        change.role = .value(.viewer)
        _ = try await users.update(carol.id, with: change, as: root)
        _ = try await users.update(carol.id, with: change, as: root)
        try await users.setPassword("battery staple", of: "carol")
        try await users.delete(carol.id, as: root)
        #expect(
            try await actions(operations) == [
                "carol: auth.register", "carol: auth.login", "-: auth.login_failed", "-: auth.login_failed",
                "root: user.update", "console: user.update", "root: user.delete",
            ])
        let told = try await rows(operations)
        #expect(told[..<4].allSatisfy { $0.address == "192.0.2.9" && $0.requestID == "abc" })
        #expect(told[2].entry.resourceID == carol.id.description && told[3].entry.resourceID == nil)
        #expect(told[4].entry.changes == ["role": ["from": "user", "to": "viewer"]])
        #expect(told.last?.entry.changes["tasks"] == ["from": 0, "to": 0])
        #expect(told[5].entry.changes == ["password": ["from": "***", "to": "***"]])
        let text = try await operations.database.pool.query("SELECT to_jsonb(a)::text AS value FROM qkron.audit a")
            .map { try $0.decode("value", as: String.self) }.joined()
        #expect(!text.contains("horse") && !text.contains("staple") && !text.contains("$y$"))
    }

    @Test func `filters let through what fits all of them`() async throws {
        let operations = try await TestOperations()
        let one = try await operations.make()
        let other = try await operations.make()
        try await operations.tasks.delete(one.id, as: Caller(operations.root))
        let node = try await operations.database.addNode()
        for _ in 1...2 { try await operations.nodes.drain(node.id, as: Caller(operations.root)) }
        func found(_ fill: (inout AuditFilter) -> Void) async throws -> [String] {
            var filter = AuditFilter()
            fill(&filter)
            return try await operations.audit.list(
                filter, .page(number: 1, size: 9), as: Caller(operations.root)
            ).rows.map(\.entry.action)
        }
        #expect(try await found { _ in } == ["node.drain", "task.delete", "task.create", "task.create"])
        #expect(try await found { $0.action = "task.create" }.count == 2)
        #expect(try await found { $0.resourceType = "node" } == ["node.drain"])
        #expect(try await found { $0.resourceID = other.id.description } == ["task.create"])
        #expect(
            try await found {
                $0.actor = Identifier(operations.root.id.uuid)
                $0.resourceType = "task"
            } == ["task.delete"])
        let latest = try #require(try await rows(operations).last)
        #expect(try await found { $0.since = latest.at } == ["node.drain"])
        #expect(try await found { $0.until = latest.at }.count == 3)
        await expectRefused(.roleRequired) {
            try await operations.audit.list(AuditFilter(), .slice(skip: 0, limit: 1), as: Caller(operations.alice))
        }
    }
}
