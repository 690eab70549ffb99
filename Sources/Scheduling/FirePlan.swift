import Foundation

/// What each due slot of one task deserves, decided from times alone.
package struct FirePlan: Sendable, Equatable {
    /// What becomes of a slot.
    package enum Verdict: Sendable, Equatable {
        /// It runs under the task's overlap policy.
        case run
        /// It runs as catch-up: an overlap policy of `skip` reads as `queue`.
        case runQueued
        /// It is recorded as skipped, `misfire`.
        case skip
    }

    /// One slot and what becomes of it.
    package struct Decision: Sendable, Equatable {
        /// The instant at which the schedule is due.
        package let slot: Date
        /// What becomes of it.
        package let verdict: Verdict

        /// A decision about one slot.
        package init(slot: Date, verdict: Verdict) {
            self.slot = slot
            self.verdict = verdict
        }
    }

    /// Oldest first. Slots older than those that are listed keep no trace.
    package let decisions: [Decision]
    /// The first slot not decided here; already due where `limit` cut the list; nil when the schedule is spent.
    package let nextRun: Date?

    /// A scheduler in its ordinary course is always a little late: a slot so young, in seconds, is never missed.
    private static let leastGrace = 1
    private static let mostSkips = 100
    private static let mostCaughtUp = 1_000

    /// Decides every slot from `due`, the stored next run, through `now`.
    ///
    /// A slot is missed once `grace` seconds, at least one, have passed since it; younger ones each run, at most
    /// `limit` of them here. `ignoresMisfire` makes no slot missed: a once time that lies in the past when it is set
    /// fires at once.
    package init(
        slots: Slots, due: Date, now: Date, grace: Int, policy: MisfirePolicy, limit: Int = 1000,
        ignoresMisfire: Bool = false
    ) {
        let dueTime = due.microseconds
        let nowTime = now.microseconds
        guard dueTime <= nowTime else {
            (decisions, nextRun) = ([], due)
            return
        }
        // The stored slot is decided even if the schedule, read with newer zone rules, no longer holds it.
        let firstInTime = ignoresMisfire ? dueTime : max(dueTime, nowTime - max(grace, Self.leastGrace) * 1_000_000)
        var decisions: [Decision] = []
        var decided = dueTime
        if dueTime < firstInTime {
            decisions = Self.missed(slots: slots, due: dueTime, before: firstInTime, policy: policy)
            decided = firstInTime - 1
        } else if limit > 0 {
            decisions = [Decision(slot: due, verdict: .run)]
        } else {
            decided = dueTime - 1
        }
        var left = dueTime < firstInTime ? limit : limit - 1
        var following = decided < dueTime ? dueTime : slots.slot(after: decided)
        while left > 0, let slot = following, slot <= nowTime {
            decisions.append(Decision(slot: Date(microseconds: slot), verdict: .run))
            following = slots.slot(after: slot)
            left -= 1
        }
        self.decisions = decisions
        nextRun = following.map(Date.init(microseconds:))
    }

    private static func missed(slots: Slots, due: Int, before end: Int, policy: MisfirePolicy) -> [Decision] {
        let caughtUp =
            switch policy {
            case .fireOnce: 1
            case .skip: 0
            case .fireAll: mostCaughtUp
            }
        let most = caughtUp + mostSkips
        var missed = slots.latest(most, from: due + 1, through: end - 1)
        if missed.count < most { missed.insert(due, at: 0) }
        let run: Verdict = policy == .fireAll ? .runQueued : .run
        return missed.enumerated().map { index, slot in
            Decision(
                slot: Date(microseconds: slot), verdict: index < missed.count - caughtUp ? .skip : run)
        }
    }
}
