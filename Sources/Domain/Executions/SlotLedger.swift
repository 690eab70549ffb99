import Foundation
import Scheduling

/// One verdict for every due slot of a task in a window of time: read from the slot's execution where there is one,
/// else from what is remembered of schedules and pauses.
package struct SlotLedger: Sendable {
    /// What a ledger is made from, in the order in which it must be read: whatever fires meanwhile has its execution,
    /// and whatever is pruned meanwhile lies before the mark.
    package struct Evidence: Sendable {
        /// The slot that the task waits for; it and later ones are not decided yet.
        package var nextRun: Date?
        /// Seconds after which a slot counts as missed.
        package var misfireGrace: Int
        /// Oldest first.
        package var periods: [SchedulePeriod]
        package var pauses: [FiringPause]
        /// Those that the schedule made: at most one a slot.
        package var runs: [SlotRun]
        /// The latest of those that repeat another: at most one a slot.
        package var repeats: [SlotRun]
        /// Executions of slots up to here may have been pruned.
        package var prunedBefore: Date?
        /// The database's clock.
        package var now: Date

        /// Evidence of these parts.
        package init(
            nextRun: Date?, misfireGrace: Int, periods: [SchedulePeriod], pauses: [FiringPause], runs: [SlotRun],
            repeats: [SlotRun], prunedBefore: Date?, now: Date
        ) {
            self.nextRun = nextRun
            self.misfireGrace = misfireGrace
            self.periods = periods
            self.pauses = pauses
            self.runs = runs
            self.repeats = repeats
            self.prunedBefore = prunedBefore
            self.now = now
        }
    }

    /// A window holds more slots than `mostSlots`.
    package struct TooManySlots: Error, Equatable {}

    /// So many slots at most are told of at once.
    package static let mostSlots = 100_000

    /// Oldest slot first.
    package let records: [SlotRecord]

    /// The slots from `since` to just before `until`.
    package init(_ evidence: Evidence, since: Date, until: Date) throws(TooManySlots) {
        let window = since.microseconds..<until.microseconds
        var slots = try Self.due(evidence, in: window)
        let known = Set(slots.map(\.instant))
        // What has its execution was due, whatever the zone's rules say of it today.
        slots += evidence.runs.map { DueSlot(instant: $0.scheduledFor.microseconds, period: nil) }
            .filter { !known.contains($0.instant) }
        guard slots.count <= Self.mostSlots else { throw TooManySlots() }
        slots.sort { $0.instant < $1.instant }
        let runs = Dictionary(
            (evidence.runs + evidence.repeats).map { ($0.scheduledFor.microseconds, $0) }, uniquingKeysWith: { $1 })
        let absence = Absence(evidence)
        records = slots.map { slot in
            guard let run = runs[slot.instant] else { return absence.record(of: slot) }
            return SlotRecord(
                scheduledFor: run.scheduledFor, verdict: run.status == .skipped ? .skipped : .ran, reason: run.reason,
                executionID: run.id, status: run.status)
        }
    }

    private static func due(_ evidence: Evidence, in window: Range<Int>) throws(TooManySlots) -> [DueSlot] {
        var due: [DueSlot] = []
        for period in evidence.periods {
            // A schedule that this server cannot read, as its tz database is older, is known by its executions alone.
            guard let slots = try? period.timing.slots() else { continue }
            let end = min(window.upperBound - 1, period.until?.microseconds ?? .max)
            var last = max(window.lowerBound - 1, period.from.microseconds, due.last?.instant ?? .min)
            while let slot = slots.slot(after: last), slot <= end {
                guard due.count < mostSlots else { throw TooManySlots() }
                due.append(DueSlot(instant: slot, period: period))
                last = slot
            }
        }
        let known = Set(due.map(\.instant))
        return due + pastTimes(evidence).filter { window.contains($0.instant) && !known.contains($0.instant) }
    }

    /// Once times that were past when they were set, and so lie before their periods: one that the task waits for, and
    /// those that never fire, as the task was paused then, or before they were taken up.
    private static func pastTimes(_ evidence: Evidence) -> [DueSlot] {
        var seen: Set<Int> = []
        return evidence.periods.indices.compactMap { index in
            let period = evidence.periods[index]
            guard let onceAt = period.timing.onceAt, seen.insert(onceAt.microseconds).inserted, onceAt <= period.from,
                let slots = try? period.timing.slots(),  // As above.
                slots.contains(onceAt)
            else { return nil }
            let slot = DueSlot(instant: onceAt.microseconds, period: period, since: period.from.microseconds)
            if !period.isActive || onceAt.isSameMicrosecond(as: evidence.nextRun) { return slot }
            let isPruned = evidence.prunedBefore.map { onceAt <= $0 } ?? false
            let following = evidence.periods.dropFirst(index + 1).first
            guard let following, !following.isActive, !isPruned else { return nil }
            return DueSlot(instant: slot.instant, period: following)
        }
    }
}

/// A slot in microseconds, and what was in force then if that is known.
private struct DueSlot {
    let instant: Int
    let period: SchedulePeriod?
    /// When it was due: later than its instant where that was past when it was set.
    let since: Int

    init(instant: Int, period: SchedulePeriod?, since: Int? = nil) {
        self.instant = instant
        self.period = period
        self.since = since ?? instant
    }
}

/// Why slots have no execution.
private struct Absence {
    private let nextRun: Int?
    private let grace: Int
    private let prunedBefore: Int?
    private let now: Int
    /// Oldest first; the end is that of time while a pause lasts.
    private let pauses: [ClosedRange<Int>]

    init(_ evidence: SlotLedger.Evidence) {
        nextRun = evidence.nextRun?.microseconds
        // A scheduler in its ordinary course is always a little late.
        grace = max(evidence.misfireGrace, 1) * 1_000_000
        prunedBefore = evidence.prunedBefore?.microseconds
        now = evidence.now.microseconds
        pauses = evidence.pauses.map {
            let begin = $0.pausedAt.microseconds
            return begin...max(begin, $0.resumedAt?.microseconds ?? .max)
        }
    }

    func record(of slot: DueSlot) -> SlotRecord {
        let (verdict, reason) = verdict(of: slot)
        return SlotRecord(
            scheduledFor: Date(microseconds: slot.instant), verdict: verdict, reason: reason, executionID: nil,
            status: nil)
    }

    private func verdict(of slot: DueSlot) -> (SlotVerdict, Reason) {
        // The first pause that does not lie wholly before the slot.
        let pause = pauses.first { $0.upperBound >= slot.since }
        // What was past when it was set fell into no pause of all firing: it waits for its end.
        let fellIntoPause = slot.since == slot.instant && pause?.contains(slot.instant) == true
        if slot.period?.isActive == false || fellIntoPause { return (.skipped, .paused) }
        if let prunedBefore, slot.since <= prunedBefore { return (.missed, .recordExpired) }
        return (.missed, isLate(slot, nextPause: pause?.lowerBound) ? .late : .serverDown)
    }

    /// Whether the slot had its grace still before it when it was last looked at: now, or when a change or a pause put
    /// an end to its firing.
    private func isLate(_ slot: DueSlot, nextPause: Int?) -> Bool {
        let end = min(now, slot.period?.until?.microseconds ?? .max, nextPause ?? .max)
        let isUndecided = end < now || nextRun.map { slot.instant >= $0 } ?? false
        return isUndecided && end - slot.since <= grace
    }
}
