import Domain
import Foundation
import Postgres
import Scheduling
import TestSupport
import Testing

@testable import Operations

/// What a change of when a task is due is judged by, and what becomes of a once time that is past.
@Suite struct TimingChangeTests {
    @Test func `a schedule that has ended may be sent again as it is`() async throws {
        let operations = try await TestOperations()
        for (kind, text) in [(ScheduleKind.cron, "* * * * * *"), (.interval, "1s")] {
            let start = try await operations.database.second() - 9
            let task = try await operations.make {
                $0.scheduleKind = .value(kind)
                $0.schedule = .value(text)
                $0.startsAt = .value(.instant(start))
                $0.endsAt = .value(.instant(start + 86_400))
            }
            let end = start + 5
            try await operations.database.pool.execute(
                "UPDATE qkron.tasks SET ends_at = \(end), next_run = NULL WHERE id = \(task.id.uuid)")
            let changes: [(inout TaskDraft) -> Void] = [
                { $0.scheduleKind = .value(kind) }, { $0.schedule = .value(text) }, { $0.timezone = .value("UTC") },
                { $0.dstPolicy = .value(.standard) }, { $0.startsAt = .value(.instant(start)) },
                { $0.endsAt = .value(.instant(end)) },
            ]
            for (number, change) in changes.enumerated() {
                let renamed = try await operations.change(task) {
                    change(&$0)
                    $0.name = .value("re\(number)")
                }
                #expect(renamed.name == "re\(number)" && renamed.nextRun == nil && renamed.isActive)
            }
            #expect(try await operations.history(task).count == 1)
            #expect(
                await faults { try await operations.change(task) { $0.endsAt = .value(.instant(end - 1)) } } == [
                    "schedule: value_error"
                ])
        }
    }

    @Test func `a once time that another time zone moves into the past fires at once`() async throws {
        let operations = try await TestOperations()
        let local = try await operations.database.second() + 3_600
        let text = String(ISO8601.format(local).dropLast())
        let task = try await operations.make {
            $0.scheduleKind = .value(.once)
            $0.schedule = .value(text)
        }
        let moved = try await operations.change(task) { $0.timezone = .value("Asia/Tokyo") }
        #expect(moved.nextRun == local - 9 * 3_600 && moved.timing.onceAt == moved.nextRun)
        let paused = try await operations.make {
            $0.scheduleKind = .value(.once)
            $0.schedule = .value(text)
            $0.isActive = .value(false)
        }
        _ = try await operations.change(paused) { $0.timezone = .value("Asia/Tokyo") }
        try await operations.tasks.resume(paused.id, as: Caller(operations.alice))
        #expect(try await operations.tasks.find(paused.id, as: Caller(operations.alice)).nextRun == nil)
        #expect(try await slots(of: paused, around: local - 9 * 3_600, operations) == ["skipped paused"])
    }

    @Test func `a once time that was past when a paused task got it reads as skipped`() async throws {
        let operations = try await TestOperations()
        let past = Date(timeIntervalSince1970: 1_790_000_000)
        let task = try await operations.make {
            $0.scheduleKind = .value(.once)
            $0.schedule = .value(ISO8601.format(past))
            $0.isActive = .value(false)
        }
        #expect(try await slots(of: task, around: past, operations) == ["skipped paused"])
        try await operations.tasks.resume(task.id, as: Caller(operations.alice))
        #expect(try await slots(of: task, around: past, operations) == ["skipped paused"])
        let daily = try await operations.make { $0.isActive = .value(false) }
        _ = try await operations.change(daily) {
            $0.scheduleKind = .value(.once)
            $0.schedule = .value(ISO8601.format(past))
        }
        #expect(try await slots(of: daily, around: past, operations) == ["skipped paused"])
        let late = try await operations.make {
            $0.scheduleKind = .value(.once)
            $0.schedule = .value(ISO8601.format(past))
        }
        #expect(try await slots(of: late, around: past, operations) == ["missed late"])
        try await operations.tasks.pause(late.id, as: Caller(operations.alice))
        #expect(try await slots(of: late, around: past, operations) == ["skipped paused"])
    }

    @Test func `a once time that was past when it was set waits for the end of a pause of all firing`() async throws {
        let operations = try await TestOperations()
        let past = Date(timeIntervalSince1970: 1_790_000_000)
        _ = try await operations.scheduler.pause(as: Caller(operations.root))
        let task = try await operations.make {
            $0.scheduleKind = .value(.once)
            $0.schedule = .value(ISO8601.format(past))
        }
        #expect(task.nextRun == past)
        #expect(try await slots(of: task, around: past, operations) == ["missed late"])
    }

    private func slots(
        of task: TaskDefinition, around instant: Date, _ operations: TestOperations
    ) async throws -> [String] {
        var question = SlotQuestion(task: task.id)
        (question.since, question.until) = (instant - 60, instant + 60)
        let found = try await operations.slots.list(
            question, .page(number: 1, size: 9), as: Caller(operations.alice))
        return found.rows.map { [$0.verdict.rawValue, $0.reason?.rawValue ?? "-"].joined(separator: " ") }
    }
}
