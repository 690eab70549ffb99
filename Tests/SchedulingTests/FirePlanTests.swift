import Foundation
import Testing

@testable import Scheduling

struct FirePlanTests {
    private let base = Date(timeIntervalSince1970: 1_800_000_000)

    private func minutely() throws -> Slots {
        Slots(schedule: .cron(try CronExpression("* * * * *"), .utc, .standard))
    }

    private func plan(
        _ slots: Slots, due: Double, now: Double, grace: Int = 60, _ policy: MisfirePolicy = .fireOnce,
        limit: Int = 1000,
        ignoresMisfire: Bool = false
    ) -> FirePlan {
        FirePlan(
            slots: slots, due: base + due, now: base + now, grace: grace, policy: policy, limit: limit,
            ignoresMisfire: ignoresMisfire)
    }

    private func decisions(_ list: [(Double, FirePlan.Verdict)]) -> [FirePlan.Decision] {
        list.map { FirePlan.Decision(slot: base + $0.0, verdict: $0.1) }
    }

    @Test(arguments: MisfirePolicy.allCases)
    func `a slot within its grace runs whatever the policy`(_ policy: MisfirePolicy) throws {
        let slots = try minutely()
        let atOnce = plan(slots, due: 0, now: 0, grace: 0, policy)
        #expect(atOnce.decisions == decisions([(0, .run)]))
        #expect(atOnce.nextRun == base + 60)
        let atTheEdge = plan(slots, due: 0, now: 60, grace: 60, policy)
        #expect(atTheEdge.decisions == decisions([(0, .run), (60, .run)]))
        #expect(atTheEdge.nextRun == base + 120)
    }

    @Test func `a slot just past its grace is missed`() throws {
        let slots = try minutely()
        let now = 60.000_001
        #expect(plan(slots, due: 0, now: now, .skip).decisions == decisions([(0, .skip), (60, .run)]))
        #expect(plan(slots, due: 0, now: now, .fireOnce).decisions == decisions([(0, .run), (60, .run)]))
        #expect(plan(slots, due: 0, now: now, .fireAll).decisions == decisions([(0, .runQueued), (60, .run)]))
    }

    @Test func `of the missed slots each policy takes its own`() throws {
        let slots = try minutely()
        let once = plan(slots, due: 0, now: 200, grace: 30)
        #expect(once.decisions == decisions([(0, .skip), (60, .skip), (120, .run), (180, .run)]))
        #expect(once.nextRun == base + 240)
        let none = plan(slots, due: 0, now: 200, grace: 30, .skip)
        #expect(none.decisions == decisions([(0, .skip), (60, .skip), (120, .skip), (180, .run)]))
        let all = plan(slots, due: 0, now: 200, grace: 30, .fireAll)
        #expect(all.decisions == decisions([(0, .runQueued), (60, .runQueued), (120, .runQueued), (180, .run)]))
        #expect(all.nextRun == base + 240)
    }

    @Test func `nothing is decided before the next run is due`() throws {
        let early = plan(try minutely(), due: 60, now: 59.9)
        #expect(early.decisions.isEmpty)
        #expect(early.nextRun == base + 60)
    }

    @Test func `after a year of every second only the newest misfires are listed`() throws {
        let slots = Slots(schedule: .cron(try CronExpression("* * * * * *"), .utc, .standard))
        let year = 31_536_000.0
        let once = plan(slots, due: 0, now: year)
        #expect(once.decisions.count == 100 + 1 + 61)
        #expect(once.decisions.filter { $0.verdict == .skip }.map(\.slot).first == base + year - 61 - 100)
        #expect(once.decisions.last == FirePlan.Decision(slot: base + year, verdict: .run))
        #expect(once.nextRun == base + year + 1)
        let all = plan(slots, due: 0, now: year, .fireAll)
        #expect(all.decisions.filter { $0.verdict == .runQueued }.count == 1_000)
        #expect(all.decisions.first { $0.verdict == .runQueued }?.slot == base + year - 61 - 999)
        #expect(all.decisions.prefix(100).allSatisfy { $0.verdict == .skip })
        #expect(all.decisions.first?.slot == base + year - 61 - 1_099)
        let none = plan(slots, due: 0, now: year, grace: 0, .skip)
        #expect(none.decisions.filter { $0.verdict == .skip }.count == 100)
        // The slot of this second and the one before it are never missed.
        #expect(none.decisions.count == 102)
    }

    @Test func `exactly as many misfires as are listed keep the stored slot`() throws {
        let interval = Slots(schedule: .interval(try Interval("1s"), anchor: base, includesAnchor: true))
        for (missed, listed) in [(99, 99), (100, 100), (101, 100), (102, 100)] {
            let plan = plan(interval, due: 0, now: Double(missed) + 1, grace: 0, .skip)
            #expect(plan.decisions.filter { $0.verdict == .skip }.count == listed)
            #expect(plan.decisions.first?.slot == base + Double(missed - listed))
        }
    }

    @Test func `what the limit cuts off stays due`() throws {
        let slots = try minutely()
        let first = plan(slots, due: 0, now: 600, grace: 3_600, limit: 4)
        #expect(first.decisions.map(\.slot) == [0, 60, 120, 180].map { base + $0 })
        #expect(first.nextRun == base + 240)
        let second = plan(slots, due: 240, now: 600, grace: 3_600, limit: 100)
        #expect(second.decisions.count == 7)
        #expect(second.nextRun == base + 660)
        let none = plan(slots, due: 0, now: 600, grace: 3_600, limit: 0)
        #expect(none.decisions.isEmpty)
        #expect(none.nextRun == base)
    }

    @Test(arguments: MisfirePolicy.allCases)
    func `a once time in the past fires at once when it is new`(_ policy: MisfirePolicy) {
        let slots = Slots(schedule: .once(base))
        let new = plan(slots, due: 0, now: 1e7, grace: 0, policy, ignoresMisfire: true)
        #expect(new.decisions == decisions([(0, .run)]))
        #expect(new.nextRun == nil)
    }

    @Test func `a once time that was missed follows the policy`() {
        let slots = Slots(schedule: .once(base))
        let verdicts = MisfirePolicy.allCases.map { plan(slots, due: 0, now: 1e7, $0).decisions.map(\.verdict) }
        #expect(verdicts == [[.run], [.skip], [.runQueued]])
        #expect(plan(slots, due: 0, now: 1e7).nextRun == nil)
    }

    @Test func `a stored slot that newer zone rules no longer hold is still decided`() throws {
        let slots = try minutely()
        let inTime = plan(slots, due: 30, now: 70)
        #expect(inTime.decisions == decisions([(30, .run), (60, .run)]))
        let missed = plan(slots, due: 30, now: 200, grace: 30, .skip)
        #expect(missed.decisions == decisions([(30, .skip), (60, .skip), (120, .skip), (180, .run)]))
    }

    @Test func `the end of the schedule spends the task`() throws {
        let schedule = Schedule.cron(try CronExpression("* * * * *"), .utc, .standard)
        let slots = Slots(schedule: schedule, endsAt: base + 120)
        let spent = plan(slots, due: 60, now: 100_000)
        #expect(spent.decisions == decisions([(60, .run)]))
        #expect(spent.nextRun == nil)
    }

    @Test func `a due time that came back from a rounding store is decided once`() throws {
        let anchor = Date(microseconds: 1_790_000_000_123_457)
        let slots = Slots(schedule: .interval(try Interval("10s"), anchor: anchor, includesAnchor: false))
        var due = try #require(slots.first(after: anchor))
        for step in 1...500 {
            let shaken = Date(timeIntervalSinceReferenceDate: due.timeIntervalSinceReferenceDate.nextDown)
            let plan = FirePlan(slots: slots, due: shaken, now: due + 1, grace: 60, policy: .fireOnce)
            try #require(plan.decisions.count == 1)
            due = try #require(plan.nextRun)
            try #require(due.microseconds == anchor.microseconds + (step + 1) * 10_000_000)
        }
    }
}
