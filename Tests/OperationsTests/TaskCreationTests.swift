import Domain
import Foundation
import Postgres
import Scheduling
import Storage
import TestSupport
import Testing

@testable import Operations

@Suite struct TaskCreationTests {
    @Test func `a new task has every default, its first slot and its history`() async throws {
        let operations = try await TestOperations()
        let before = try await operations.database.store.now()
        let task = try await operations.make()
        #expect(task == (try await operations.tasks.find(task.id, as: Caller(operations.alice))))
        #expect(task.ownerID == operations.alice.id && task.ownerUsername == "alice" && task.status == .pending)
        #expect(task.timing.kind == .cron && task.timing.timezone == "UTC" && task.isActive)
        #expect(task.misfirePolicy == .fireOnce && task.misfireGrace == 60 && task.overlapPolicy == .skip)
        #expect(task.timeout == 300 && task.retryPolicy == RetryPolicy(maxRetries: 3, delay: 60, backoff: .fixed))
        #expect(task.priority == 5 && task.tags.isEmpty && task.metadata == nil && task.description == nil)
        #expect(task.action.parameters["max_output_bytes"] == .integer(1_048_576))
        #expect(try #require(task.nextRun) > before && task.createdAt >= before && task.updatedAt == task.createdAt)
        let history = try await operations.history(task)
        #expect(history.count == 1)
        #expect(try history[0].decode("valid_from", as: Date.self) == task.createdAt)
        #expect(try history[0].decode("valid_until", as: Date?.self) == nil)
        #expect(
            try history[0].decode("is_active", as: Bool.self) && history[0].decode("owner_is_active", as: Bool.self))
    }

    @Test func `all that is wrong is told at once, each at its place`() async throws {
        let operations = try await TestOperations()
        let found = await faults {
            try await operations.make {
                $0.name = .nothing
                $0.schedule = .value("61 * * * *")
                $0.parameters = ["env": .object(["1": .string("x")])]
            }
        }
        #expect(found.sorted() == ["command: missing", "env.1: value_error", "name: missing", "schedule: value_error"])
        #expect(
            try await operations.tasks.list(TaskFilter(), .slice(skip: 0, limit: 1), as: Caller(operations.root)).total
                == 0)
    }

    @Test func `a task without command, schedule or name is refused`() async throws {
        let operations = try await TestOperations()
        #expect(
            await faults { try await operations.tasks.create(TaskDraft(), as: Caller(operations.alice)) }.sorted()
                == ["command: missing", "name: missing", "schedule: missing"])
    }

    @Test(arguments: [
        (ScheduleKind.cron, "* * *", "UTC"), (.cron, "0 0 30 2 *", "UTC"), (.interval, "0s", "UTC"),
        (.interval, "5", "UTC"), (.interval, "400d", "UTC"), (.once, "tomorrow", "UTC"),
        (.once, "2026-13-01T00:00:00Z", "UTC"),
    ])
    func `a schedule that cannot be read, or never fires, is refused`(
        kind: ScheduleKind, text: String, zone: String
    ) async throws {
        let operations = try await TestOperations()
        let found = await faults {
            try await operations.make {
                $0.scheduleKind = .value(kind)
                $0.schedule = .value(text)
                $0.timezone = .value(zone)
            }
        }
        #expect(found == ["schedule: value_error"])
    }

    @Test func `unknown zones, types and bounds that hold nothing are refused`() async throws {
        let operations = try await TestOperations()
        #expect(
            await faults { try await operations.make { $0.timezone = .value("Mars/Olympus") } } == [
                "timezone: value_error"
            ])
        #expect(
            await faults { try await operations.make { $0.kind = .value(ActionKind(rawValue: "goal")) } } == [
                "task_type: enum"
            ])
        let early = Date(timeIntervalSince1970: 4_000_000_000)
        #expect(
            await faults {
                try await operations.make {
                    $0.startsAt = .value(.instant(early))
                    $0.endsAt = .value(.instant(early))
                }
            } == ["ends_at: value_error"])
        #expect(
            await faults {
                try await operations.make {
                    $0.startsAt = .value(.instant(early))
                    $0.endsAt = .value(.instant(early.addingTimeInterval(1)))
                    $0.schedule = .value("0 4 29 2 *")
                }
            } == ["schedule: value_error"])
        #expect(
            await faults { try await operations.make { $0.endsAt = .value(.instant(Date(timeIntervalSince1970: 1))) } }
                == ["schedule: value_error"])
    }

    @Test func `schedule, zone and bounds are judged beside each other`() async throws {
        let operations = try await TestOperations()
        let found = await faults {
            try await operations.make {
                $0.schedule = .value("61 * * * *")
                $0.timezone = .value("PST")
                $0.startsAt = .value(.instant(Date(timeIntervalSince1970: 4_000_000_000)))
                $0.endsAt = $0.startsAt
            }
        }
        #expect(found == ["schedule: value_error", "timezone: value_error", "ends_at: value_error"])
        let kindless = await faults {
            try await operations.make {
                $0.schedule = .value("5m")
                $0.faults = [InputFault(["schedule_type"], "must be one of: …", type: "enum")]
            }
        }
        #expect(kindless == ["schedule_type: enum"])
    }

    @Test func `no task belongs to a goal yet`() async throws {
        let operations = try await TestOperations()
        _ = try await operations.make()
        var filter = TaskFilter()
        filter.goal = Identifier()
        let listing = try await operations.tasks.list(filter, .page(number: 1, size: 20), as: Caller(operations.alice))
        #expect(listing.rows.isEmpty && listing.total == 0)
    }

    @Test func `only allowed first words are accepted`() async throws {
        let operations = try await TestOperations(allowedCommands: ["echo"])
        #expect(await faults { try await operations.make() } == ["command: value_error"])
        _ = try await operations.make { $0.parameters = ["command": .string("  echo hello")] }
    }

    @Test func `an interval begins an interval after its creation, or at its start`() async throws {
        let operations = try await TestOperations()
        let task = try await operations.make {
            $0.scheduleKind = .value(.interval)
            $0.schedule = .value("1h30m")
        }
        #expect(task.timing.anchor == task.createdAt)
        #expect(abs(try #require(task.nextRun).timeIntervalSince(task.createdAt) - 5_400) < 0.001)
        let start = Date(timeIntervalSince1970: 4_000_000_000)
        let later = try await operations.make {
            $0.scheduleKind = .value(.interval)
            $0.schedule = .value("1h")
            $0.startsAt = .value(.instant(start))
        }
        #expect(later.timing.anchor == start && later.nextRun == start)
        let running = try await operations.make {
            $0.scheduleKind = .value(.interval)
            $0.schedule = .value("1h")
            $0.startsAt = .value(.instant(Date(timeIntervalSince1970: 0)))
        }
        #expect(try #require(running.nextRun).timeIntervalSince1970.truncatingRemainder(dividingBy: 3_600) == 0)
        #expect(try #require(running.nextRun) > running.createdAt)
    }

    @Test func `a once time in the past is due at once, one outside its bounds is refused`() async throws {
        let operations = try await TestOperations()
        let past = Date(timeIntervalSince1970: 1_600_000_000)
        let task = try await operations.make {
            $0.scheduleKind = .value(.once)
            $0.schedule = .value("2020-09-13T12:26:40Z")
        }
        #expect(task.nextRun == past && task.timing.onceAt == past)
        let local = try await operations.make {
            $0.scheduleKind = .value(.once)
            $0.schedule = .value("2020-09-13T14:26:40")
            $0.timezone = .value("Europe/Berlin")
        }
        #expect(local.nextRun == past)
        let match = try await operations.make {
            $0.scheduleKind = .value(.once)
            $0.schedule = .value("30 4 * * *")
        }
        #expect(match.timing.onceAt == match.nextRun && match.nextRun != nil)
        let outside = await faults {
            try await operations.make {
                $0.scheduleKind = .value(.once)
                $0.schedule = .value("2020-09-13T12:26:40Z")
                $0.startsAt = .value(.instant(past.addingTimeInterval(1)))
            }
        }
        #expect(outside == ["schedule: value_error"])
    }

    @Test func `a task that begins paused waits for nothing`() async throws {
        let operations = try await TestOperations()
        let task = try await operations.make { $0.isActive = .value(false) }
        #expect(!task.isActive && task.nextRun == nil && task.status == .pending)
        #expect(try await operations.history(task)[0].decode("is_active", as: Bool.self) == false)
    }
}
