import Domain
import Foundation
import Scheduling
import Testing

@testable import Engine
@testable import Storage

@Suite struct FiringTests {
    private let now = Date(timeIntervalSince1970: 1_700_000_000)

    /// A task whose slots are the tens of seconds, first due so many seconds before `now`.
    private func due(
        since age: Double, overlap: OverlapPolicy = .skip, misfire: MisfirePolicy = .fireOnce, grace: Int = 60,
        unfinished: Int = 0, waiting: Int = 0, mustWait: Bool = false, ownerIsActive: Bool = true, role: Role? = .user,
        timing: TaskTiming? = nil, timingSince: Date? = nil, jitter: Int = 0, resumedAt: Date? = nil
    ) -> DueTask {
        let anchor = now.addingTimeInterval(-1_000_000)
        return DueTask(
            id: Identifier(),
            timing: timing
                ?? TaskTiming(
                    kind: .interval, text: "10s", timezone: "UTC", startsAt: nil, endsAt: nil, anchor: anchor,
                    onceAt: nil),
            nextRun: now.addingTimeInterval(-age), timingSince: timingSince ?? anchor, kind: .command, ownerRole: role,
            ownerIsActive: ownerIsActive, misfirePolicy: misfire, misfireGrace: grace, jitter: jitter,
            overlapPolicy: overlap, priority: 7, requires: [], unfinished: unfinished, waiting: waiting,
            isPaused: false, resumedAt: resumedAt, mustWaitForOthers: mustWait, othersDueAt: nil,
            now: now, firesAt: .now)
    }

    private func fire(_ task: DueTask, roles: Set<CommandRole> = [.user, .superuser]) throws -> Firing {
        try Firing(task, commandRoles: roles)
    }

    /// Every execution as `seconds before now: status reason`.
    private func verdicts(_ firing: Firing) -> [String] {
        firing.executions.map { execution in
            let age = Int(now.timeIntervalSince(execution.scheduledFor))
            return ["\(age): \(execution.status.rawValue)", execution.reason?.rawValue].compactMap(\.self)
                .joined(separator: " ")
        }
    }

    @Test func `a slot in time is made to run, and the next one waited for`() throws {
        let task = due(since: 0)
        let firing = try fire(task)
        #expect(verdicts(firing) == ["0: pending"])
        #expect(firing.nextRun == now.addingTimeInterval(10) && !firing.supersedes)
        let execution = try #require(firing.executions.first)
        #expect(execution.task == task.id && execution.priority == 7 && execution.trigger == .schedule)
    }

    @Test(arguments: [
        (OverlapPolicy.skip, 0, 0, ["20: pending", "10: skipped overlap", "0: skipped overlap"], false),
        (.skip, 1, 0, ["20: skipped overlap", "10: skipped overlap", "0: skipped overlap"], false),
        (.queue, 1, 0, ["20: pending", "10: pending", "0: pending"], false),
        (.queue, 999, 998, ["20: pending", "10: pending", "0: skipped queue_full"], false),
        (.queue, 1_000, 999, ["20: pending", "10: skipped queue_full", "0: skipped queue_full"], false),
        (.allow, 5, 1_000, ["20: skipped queue_full", "10: skipped queue_full", "0: skipped queue_full"], false),
        (.allow, 5, 3, ["20: pending", "10: pending", "0: pending"], false),
        (.cancelPrevious, 0, 0, ["20: cancelled superseded", "10: cancelled superseded", "0: pending"], false),
        (.cancelPrevious, 2, 1, ["20: cancelled superseded", "10: cancelled superseded", "0: pending"], true),
    ])
    func `each slot meets the overlap policy`(
        policy: OverlapPolicy, unfinished: Int, waiting: Int, expected: [String], supersedes: Bool
    ) throws {
        let firing = try fire(due(since: 20, overlap: policy, unfinished: unfinished, waiting: waiting))
        #expect(verdicts(firing) == expected)
        #expect(firing.supersedes == supersedes)
        #expect(firing.nextRun == now.addingTimeInterval(10))
    }

    @Test(arguments: [
        (MisfirePolicy.fireOnce, ["30: skipped misfire", "20: pending", "10: skipped overlap", "0: skipped overlap"]),
        (.skip, ["30: skipped misfire", "20: skipped misfire", "10: pending", "0: skipped overlap"]),
        (.fireAll, ["30: pending", "20: pending", "10: skipped overlap", "0: skipped overlap"]),
    ])
    func `missed slots follow the misfire policy`(policy: MisfirePolicy, expected: [String]) throws {
        #expect(verdicts(try fire(due(since: 30, misfire: policy, grace: 15))) == expected)
    }

    @Test func `slots made up for are queued even where overlap is skipped`() throws {
        let firing = try fire(due(since: 30, misfire: .fireAll, grace: 15, unfinished: 1))
        #expect(verdicts(firing) == ["30: pending", "20: pending", "10: skipped overlap", "0: skipped overlap"])
    }

    @Test(arguments: [OverlapPolicy.allow, .cancelPrevious])
    func `while others must complete first, each slot that would run is skipped`(policy: OverlapPolicy) throws {
        let firing = try fire(due(since: 30, overlap: policy, misfire: .skip, grace: 15, unfinished: 1, mustWait: true))
        #expect(
            verdicts(firing) == [
                "30: skipped misfire", "20: skipped misfire", "10: skipped dependency", "0: skipped dependency",
            ])
        #expect(!firing.supersedes && firing.nextRun == now.addingTimeInterval(10))
    }

    @Test func `of many missed slots the newest hundred are recorded`() throws {
        let firing = try fire(due(since: 100_000, misfire: .fireOnce, grace: 5))
        #expect(firing.executions.count { $0.reason == .misfire } == 100)
        #expect(firing.executions.count { $0.status == .pending } == 1)
        #expect(firing.nextRun == now.addingTimeInterval(10))
    }

    private func once(_ instant: Date) -> TaskTiming {
        TaskTiming(
            kind: .once, text: "once", timezone: "UTC", startsAt: nil, endsAt: nil, anchor: nil, onceAt: instant)
    }

    @Test(arguments: MisfirePolicy.allCases)
    func `a once time that was past when it was set fires whatever the misfire policy`(policy: MisfirePolicy) throws {
        let past = now.addingTimeInterval(-500_000)
        let firing = try fire(
            due(since: 500_000, misfire: policy, timing: once(past), timingSince: now.addingTimeInterval(-1)))
        #expect(verdicts(firing) == ["500000: pending"])
        #expect(firing.nextRun == nil)
    }

    @Test func `a once time that passed while nobody was there is missed`() throws {
        let past = now.addingTimeInterval(-500)
        let timing = once(past)
        let set = now.addingTimeInterval(-1_000)
        #expect(
            verdicts(try fire(due(since: 500, misfire: .skip, timing: timing, timingSince: set)))
                == ["500: skipped misfire"])
        #expect(verdicts(try fire(due(since: 500, timing: timing, timingSince: set))) == ["500: pending"])
    }

    @Test func `tasks of a disabled owner, or of one whose role may not, rest`() throws {
        for (task, roles) in [
            (due(since: 20, ownerIsActive: false), [CommandRole.user, .superuser]),
            (due(since: 20, role: .user), [.superuser]),
            (due(since: 20, role: .viewer), [.user, .superuser, .service]),
            (due(since: 20, role: nil), [.user, .superuser]),
        ] {
            let firing = try fire(task, roles: Set(roles))
            #expect(firing.executions.isEmpty && !firing.supersedes)
            #expect(firing.nextRun == now.addingTimeInterval(10))
        }
    }

    @Test func `a slot with jitter waits for its instant, and does not start before it`() throws {
        let node = Node(id: Identifier(), epoch: 1, name: "node", labels: [])
        let task = due(since: 0, jitter: 10)
        let slots = try task.timing.slots()
        let firing = try fire(task)
        let execution = try #require(firing.executions.first)
        let start = Jitter(seconds: 10, task: task.id.uuid).start(of: task.nextRun, in: slots)
        #expect(execution.notBefore == start && execution.scheduledFor == task.nextRun)
        #expect(execution.reason == (start > now ? .jitter : nil) && firing.nextRun == now.addingTimeInterval(10))
        #expect(firing.startable(task, by: node, taskLimit: 5).isEmpty == (start > now))
        // Made up for an age later, its instant is long past.
        let old = due(since: 100, grace: 5, jitter: 10)
        let late = try fire(old)
        let made = try #require(late.executions.first { $0.status == .pending })
        let madeStart = try #require(made.notBefore)
        #expect((made.reason == .jitter) == (madeStart > now) && madeStart < made.scheduledFor + 10)
    }

    @Test func `what fell into a pause of all firing is not made up for`() throws {
        #expect(
            verdicts(try fire(due(since: 50, resumedAt: now.addingTimeInterval(-15)))) == [
                "10: pending", "0: skipped overlap",
            ])
        let all = try fire(due(since: 50, resumedAt: now))
        #expect(all.executions.isEmpty && all.nextRun == now.addingTimeInterval(10))
        #expect(verdicts(try fire(due(since: 0, resumedAt: now.addingTimeInterval(-5)))) == ["0: pending"])
        let past = once(now.addingTimeInterval(-500))
        let duringIt = try fire(due(since: 500, timing: past, timingSince: now - 50, resumedAt: now - 10))
        #expect(verdicts(duringIt) == ["500: pending"], "it was past when it was set in the pause")
        let spent = try fire(due(since: 500, timing: past, timingSince: now - 600, resumedAt: now - 10))
        #expect(spent.executions.isEmpty && spent.nextRun == nil)
        let new = try fire(due(since: 500, timing: past, timingSince: now - 5, resumedAt: now - 10))
        #expect(verdicts(new) == ["500: pending"], "it was set after the pause")
    }

    @Test func `a schedule that cannot be read says which field is to blame`() {
        var timing = once(now)
        timing.kind = .cron
        #expect(throws: TimingFault.self) { try fire(due(since: 0, timing: timing)) }
    }
}
