import Domain
import Foundation
import Postgres
import Scheduling
import Storage
import TestSupport
import Testing

@testable import Operations

@Suite struct TaskChangeTests {
    private func hourly(_ operations: TestOperations) async throws -> TaskDefinition {
        try await operations.make {
            $0.scheduleKind = .value(.interval)
            $0.schedule = .value("1h")
        }
    }

    @Test func `runs that may start beside each other from now on are announced`() async throws {
        let operations = try await TestOperations()
        let task = try await operations.make { $0.overlapPolicy = .value(.queue) }
        let heard = Announcements(
            NotificationListener(
                operations.database.configuration, channels: [Announcer.channel], logger: quietLogger))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await operations.announcer.run { _ in } }
            var events = heard.makeAsyncIterator()
            #expect(await events.next() == .mayHaveMissedSome)
            _ = try await operations.change(task) { $0.overlapPolicy = .value(.skip) }
            _ = try await operations.change(task) { $0.priority = .value(6) }
            operations.announcer.announce(.wishes)
            while let event = await events.next(), event != .announced(.wishes) { #expect(event != .announced(.work)) }
            _ = try await operations.change(task) { $0.overlapPolicy = .value(.allow) }
            operations.announcer.announce(.wishes)
            var news: [Announcements.Event] = []
            while let event = await events.next(), event != .announced(.wishes) { news.append(event) }
            if !news.contains(.announced(.work)) { #expect(await events.next() == .announced(.work)) }
            group.cancelAll()
        }
    }

    @Test func `sending present values changes nothing`() async throws {
        let operations = try await TestOperations()
        let task = try await hourly(operations)
        let same = try await operations.change(task) {
            $0.name = .value(task.name)
            $0.kind = .value(.command)
            $0.scheduleKind = .value(.interval)
            $0.schedule = .value("1h")
            $0.timezone = .value("UTC")
            $0.startsAt = .value(nil)
            $0.isActive = .value(true)
            $0.parameters = ["command": .string("true"), "env": .object([:])]
        }
        #expect(same == task)
        #expect(try await operations.history(task).count == 1)
    }

    @Test func `another spelling of the same characters is a change, and stored as sent`() async throws {
        let operations = try await TestOperations()
        let (composed, apart) = ("caf\u{E9}", "cafe\u{301}")
        let task = try await operations.make {
            $0.name = .value(composed)
            $0.description = .value(composed)
            $0.tags = .value([composed])
            $0.parameters = ["command": .string(composed), "env": ["A": .string(composed)]]
            $0.metadata = .value([TextKey(composed): 1, TextKey(apart): 2])
        }
        #expect(task.metadata == [TextKey(composed): 1, TextKey(apart): 2])
        let changes: [(inout TaskDraft) -> Void] = [
            { $0.name = .value(apart) }, { $0.description = .value(apart) }, { $0.tags = .value([apart]) },
            { $0.parameters = ["command": .string(apart)] }, { $0.parameters = ["env": ["A": .string(apart)]] },
            { $0.metadata = .value([TextKey(apart): 1]) },
        ]
        var before = task
        for change in changes {
            let after = try await operations.change(task, change)
            #expect(after != before && after.updatedAt > before.updatedAt)
            before = after
        }
        #expect(before.name.hasSameBytes(as: apart) && before.description.hasSameBytes(as: apart))
        #expect(before.tags.hasSameBytes(as: [apart]) && before.action.parameters["command"] == .string(apart))
        #expect(before.action.parameters["env"] == ["A": .string(apart)] && before.metadata == [TextKey(apart): 1])
    }

    @Test func `sending a start again moves nothing, whatever its fraction`() async throws {
        let operations = try await TestOperations()
        for text in ["2030-01-01T00:00:00.123457Z", "0500-01-01T00:00:00.1Z", "9998-07-01T01:02:03.456789Z"] {
            let start = try #require(ISO8601.parse(text))
            let task = try await operations.make {
                $0.scheduleKind = .value(.interval)
                $0.schedule = .value("366d")
                $0.startsAt = .value(start)
            }
            let stored = try await operations.tasks.find(task.id, as: Caller(operations.alice))
            let same = try await operations.change(task) { $0.startsAt = .value(start) }
            #expect(same == stored)
            #expect(try await operations.history(task).count == 1)
        }
    }

    @Test func `a bound outside the years 0001 to 9999 in the task's zone is refused`() async throws {
        let operations = try await TestOperations()
        let task = try await operations.make { $0.timezone = .value("America/Los_Angeles") }
        let last = try #require(ISO8601.parse("9999-12-31T23:59:59"))
        #expect(
            await faults { try await operations.change(task) { $0.startsAt = .value(last) } } == [
                "starts_at: value_error"
            ])
        #expect(
            await faults { try await operations.change(task) { $0.endsAt = .value(last) } } == ["ends_at: value_error"])
        #expect(
            await faults {
                try await operations.make {
                    $0.timezone = .value("America/Los_Angeles")
                    $0.startsAt = .value(last)
                }
            } == ["starts_at: value_error"])
    }

    @Test func `a task whose zone this server lacks is not resumed, and that is told`() async throws {
        let operations = try await TestOperations()
        let task = try await operations.database.addTask(owner: operations.alice) {
            $0.timing = TaskTiming(
                kind: .cron, text: "@daily", timezone: "Mars/Olympus", startsAt: nil, endsAt: nil, anchor: nil,
                onceAt: nil)
            $0.isActive = false
            $0.nextRun = nil
        }
        let found = await faults { try await operations.tasks.resume(task.id, as: Caller(operations.alice)) }
        #expect(found == ["timezone: value_error"])
        #expect(try await operations.tasks.find(task.id, as: Caller(operations.alice)).isActive == false)
        #expect(try await operations.change(task) { $0.timezone = .value("UTC") }.timing.timezone == "UTC")
        try await operations.tasks.resume(task.id, as: Caller(operations.alice))
    }

    @Test func `plain changes leave schedule and history alone`() async throws {
        let operations = try await TestOperations()
        let task = try await hourly(operations)
        let waiting = try await operations.tasks.execute(task.id, as: Caller(operations.alice))
        let changed = try await operations.change(task) {
            $0.description = .value("about")
            $0.timeout = .value(9)
            $0.maxRetries = .value(0)
            $0.priority = .value(10)
            $0.overlapPolicy = .value(.queue)
            $0.metadata = .value(.object(["a": .integer(1)]))
            $0.tags = .value(["x"])
        }
        #expect(changed.description == "about" && changed.timeout == 9 && changed.retryPolicy.maxRetries == 0)
        #expect(changed.retryPolicy.delay == 60 && changed.priority == 10 && changed.overlapPolicy == .queue)
        #expect(changed.metadata == .object(["a": .integer(1)]) && changed.tags == ["x"])
        #expect(changed.nextRun == task.nextRun && changed.timing == task.timing && changed.updatedAt > task.updatedAt)
        #expect(try await operations.history(task).count == 1)
        let priority: Int32 = try await operations.database.pool.value(
            "SELECT priority AS value FROM qkron.executions WHERE id = \(waiting.uuid)")
        #expect(priority == 10)
        #expect(try await operations.change(task) { $0.description = .value(nil) }.description == nil)
    }

    @Test func `parameters are merged, and null takes one back to its default`() async throws {
        let operations = try await TestOperations()
        let task = try await operations.make {
            $0.parameters = [
                "command": .string("true"), "env": .object(["A": .string("1")]), "working_directory": .string("/tmp"),
            ]
        }
        let changed = try await operations.change(task) {
            $0.parameters = ["command": .string("false"), "working_directory": .null]
        }
        #expect(changed.action.parameters["command"] == .string("false"))
        #expect(changed.action.parameters["env"] == .object(["A": .string("1")]))
        #expect(changed.action.parameters["working_directory"] == .null)
        #expect(
            await faults { try await operations.change(task) { $0.parameters = ["command": .null] } } == [
                "command: missing"
            ])
        let replaced = try await operations.change(task) { $0.parameters = ["env": .object(["B": .string("2")])] }
        #expect(replaced.action.parameters["env"] == .object(["B": .string("2")]))
    }

    @Test func `what is wrong is refused, all of it, and nothing stored`() async throws {
        let operations = try await TestOperations()
        let task = try await hourly(operations)
        let found = await faults {
            try await operations.change(task) {
                $0.name = .value("other")
                $0.schedule = .value("1x")
                $0.timezone = .value("PST")
                $0.parameters = ["command": .string(" ")]
                $0.faults = [InputFault(["timeout"], "must be from 1 to 86400", type: "out_of_range")]
            }
        }
        #expect(
            found.sorted() == [
                "command: string_too_short", "schedule: value_error", "timeout: out_of_range", "timezone: value_error",
            ])
        #expect(
            await faults {
                try await operations.change(task) {
                    $0.kind = .value(ActionKind(rawValue: "email"))
                    $0.scheduleKind = .value(.cron)
                }
            }.sorted() == ["schedule: value_error", "task_type: value_error"])
        #expect(
            await faults { try await operations.change(task) { $0.scheduleKind = .value(.cron) } } == [
                "schedule: value_error"
            ])
        #expect(try await operations.tasks.find(task.id, as: Caller(operations.alice)) == task)
    }

    @Test func `what is wrong by itself is told of no task and of somebody else's too`() async throws {
        let operations = try await TestOperations()
        let task = try await hourly(operations)
        func expect(_ fault: String, _ change: (inout TaskDraft) -> Void) async {
            var draft = TaskDraft()
            change(&draft)
            for id in [task.id, Identifier()] {
                let found = await faults {
                    try await operations.tasks.update(id, with: draft, as: Caller(operations.bob))
                }
                #expect(found == [fault])
            }
        }
        await expect("command: string_too_short") { $0.parameters = ["command": .string("")] }
        await expect("env.1: value_error") { $0.parameters = ["env": .object(["1": .string("x")])] }
        await expect("working_directory: value_error") { $0.parameters = ["working_directory": .string("rel")] }
        await expect("schedule: value_error") { $0.schedule = .value("61 * * * *") }
        await expect("schedule: value_error") {
            $0.scheduleKind = .value(.cron)
            $0.schedule = .value("1h")
        }
        await expect("timezone: value_error") { $0.timezone = .value("PST") }
        await expect("ends_at: value_error") {
            $0.startsAt = .value(.instant(Date(timeIntervalSince1970: 2_000_000_000)))
            $0.endsAt = .value(.instant(Date(timeIntervalSince1970: 1_999_999_999)))
        }
    }

    @Test func `what only the task can tell is told to its owner alone`() async throws {
        let operations = try await TestOperations(allowedCommands: ["true"])
        let task = try await hourly(operations)
        var draft = TaskDraft()
        draft.parameters = ["env": .object(["A": .string("b")])]
        draft.schedule = .value("0 4 * * *")
        await expectRefused(.notOwner) {
            try await operations.tasks.update(task.id, with: draft, as: Caller(operations.bob))
        }
        await expectRefused(.notFound) {
            try await operations.tasks.update(Identifier(), with: draft, as: Caller(operations.bob))
        }
        #expect(
            await faults { try await operations.tasks.update(task.id, with: draft, as: Caller(operations.alice)) }
                == ["schedule: value_error"])
    }

    @Test func `an anchor moves with what sets it and with nothing else`() async throws {
        let operations = try await TestOperations()
        let task = try await hourly(operations)
        for _ in 0..<2 {
            try await operations.tasks.pause(task.id, as: Caller(operations.alice))
            try await operations.tasks.resume(task.id, as: Caller(operations.alice))
        }
        let zoned = try await operations.change(task) { $0.timezone = .value("Asia/Tokyo") }
        #expect(zoned.timing.anchor == task.timing.anchor && zoned.nextRun == task.nextRun)
        let end = Date(timeIntervalSince1970: 4_000_000_000)
        let ending = try await operations.change(task) { $0.endsAt = .value(.instant(end)) }
        #expect(ending.timing.anchor == task.timing.anchor && ending.timing.endsAt == end)

        let respaced = try await operations.change(task) { $0.schedule = .value("2h") }
        #expect(try #require(respaced.timing.anchor) > task.createdAt)
        let start = Date(timeIntervalSince1970: 3_999_000_000)
        let started = try await operations.change(task) { $0.startsAt = .value(.instant(start)) }
        #expect(started.timing.anchor == start && started.nextRun == start)
        let freed = try await operations.change(task) { $0.startsAt = .value(nil) }
        #expect(try #require(freed.timing.anchor) > (try #require(respaced.timing.anchor)))
        let cron = try await operations.change(task) {
            $0.scheduleKind = .value(.cron)
            $0.schedule = .value("@daily")
        }
        #expect(cron.timing.anchor == nil && cron.timing.onceAt == nil)
    }

    @Test func `a finished end does not hinder a rename`() async throws {
        let operations = try await TestOperations()
        let task = try await hourly(operations)
        try await operations.database.pool.execute(
            "UPDATE qkron.tasks SET ends_at = now() - interval '1 day', next_run = NULL")
        #expect(try await operations.change(task) { $0.name = .value("new") }.name == "new")
        #expect(
            await faults { try await operations.change(task) { $0.schedule = .value("2h") } } == [
                "schedule: value_error"
            ])
    }

    @Test func `pausing stops the schedule, resuming goes on from now, and history is without gaps`() async throws {
        let operations = try await TestOperations()
        let task = try await hourly(operations)
        let (tasks, alice) = (operations.tasks, operations.alice)
        try await tasks.pause(task.id, as: Caller(alice))
        try await tasks.pause(task.id, as: Caller(alice))
        let paused = try await tasks.find(task.id, as: Caller(alice))
        #expect(!paused.isActive && paused.nextRun == nil && paused.status == .pending)
        try await tasks.resume(task.id, as: Caller(alice))
        try await tasks.resume(task.id, as: Caller(alice))
        #expect(try await tasks.find(task.id, as: Caller(alice)).nextRun == task.nextRun)
        _ = try await operations.change(task) { $0.schedule = .value("2h") }
        _ = try await operations.change(task) { $0.cancels = true }
        try await operations.users.setActive(false, username: "alice")
        try await operations.users.setActive(true, username: "alice")

        let history = try await operations.history(task)
        #expect(
            try history.map { try $0.decode("is_active", as: Bool.self) } == [
                true, false, true, true, false, false, false,
            ])
        #expect(
            try history.map { try $0.decode("owner_is_active", as: Bool.self) }
                == [true, true, true, true, true, false, true])
        #expect(try history.map { try $0.decode("schedule", as: String.self) }.suffix(4) == ["2h", "2h", "2h", "2h"])
        let from = try history.map { try $0.decode("valid_from", as: Date.self) }
        let until = try history.map { try $0.decode("valid_until", as: Date?.self) }
        #expect(until.dropLast() == from.dropFirst().map { .some($0) } && until.last == .some(nil))
    }

    @Test func `a once time that passes during a pause is spent, and a new one fires for the past`() async throws {
        let operations = try await TestOperations()
        let task = try await operations.make {
            $0.scheduleKind = .value(.once)
            $0.schedule = .value("2020-01-01T00:00:00Z")
            $0.isActive = .value(false)
        }
        try await operations.tasks.resume(task.id, as: Caller(operations.alice))
        let spent = try await operations.tasks.find(task.id, as: Caller(operations.alice))
        #expect(spent.isActive && spent.nextRun == nil)
        let renewed = try await operations.change(task) { $0.schedule = .value("2020-01-02T00:00:00Z") }
        #expect(renewed.nextRun == Date(timeIntervalSince1970: 1_577_923_200))
        #expect(
            try await operations.change(task) { $0.schedule = .value("2020-01-02T00:00:00Z") }.nextRun
                == renewed.nextRun)
    }

    @Test(arguments: ["0 9 * * *", "2099-01-01T00:00:00"])
    func `a once time that is spent comes again with another schedule alone`(text: String) async throws {
        let operations = try await TestOperations()
        let task = try await operations.make {
            $0.scheduleKind = .value(.once)
            $0.schedule = .value(text)
        }
        let moved = try await operations.change(task) { $0.timezone = .value("Asia/Tokyo") }
        #expect(moved.nextRun != nil && moved.nextRun != task.nextRun, "it is not spent yet")
        try await operations.database.pool.execute(
            "UPDATE qkron.tasks SET next_run = NULL, once_at = now() - interval '1 hour' WHERE id = \(task.id.uuid)")
        let start = Date.now + 86_400
        for change in [
            { $0.timezone = .value("America/New_York") }, { $0.startsAt = .value(.instant(start)) },
            { $0.endsAt = .value(nil) },
        ] as [(inout TaskDraft) -> Void] {
            let changed = try await operations.change(task, change)
            #expect(changed.isActive && changed.nextRun == nil)
        }
        #expect(try await operations.change(task) { $0.schedule = .value("30 9 * * *") }.nextRun != nil)
    }

    @Test func `cancelling ends all that is scheduled, and resuming revives`() async throws {
        let operations = try await TestOperations()
        let (tasks, alice, database) = (operations.tasks, operations.alice, operations.database)
        let task = try await operations.make { $0.overlapPolicy = .value(.queue) }
        let running = try await tasks.execute(task.id, as: Caller(alice))
        let lease = try #require(try await database.claim(for: try await database.addNode()).first)
        let waiting = try await tasks.execute(task.id, as: Caller(alice))
        let cancelled = try await operations.change(task) { $0.cancels = true }
        #expect(cancelled.status == .cancelled && !cancelled.isActive && cancelled.nextRun == nil)
        #expect(try await database.execution(waiting).reason == .taskCancelled)
        #expect(try await database.store.wishes(for: [lease]).map(\.wish) == [.end(.taskCancelled)])
        await expectRefused(.taskCancelled) { try await tasks.execute(task.id, as: Caller(alice)) }
        try await tasks.pause(task.id, as: Caller(alice))
        #expect(try await tasks.find(task.id, as: Caller(alice)).status == .cancelled)

        try await tasks.resume(task.id, as: Caller(alice))
        let revived = try await tasks.find(task.id, as: Caller(alice))
        #expect(revived.status == .pending && revived.isActive && revived.nextRun != nil)
        try await database.finish([FinishedAttempt(lease, .failed(.signal))])
        #expect(try await database.execution(running).status == .cancelled)
        #expect(try await tasks.find(task.id, as: Caller(alice)).status == .pending)
    }

    @Test func `two changes at once both hold`() async throws {
        let operations = try await TestOperations()
        let task = try await hourly(operations)
        async let one = operations.change(task) { $0.name = .value("one") }
        async let two = operations.change(task) { $0.priority = .value(9) }
        async let three: Void = operations.tasks.pause(task.id, as: Caller(operations.alice))
        _ = try await (one, two, three)
        let after = try await operations.tasks.find(task.id, as: Caller(operations.alice))
        #expect(after.name == "one" && after.priority == 9 && !after.isActive && after.nextRun == nil)
    }
}
