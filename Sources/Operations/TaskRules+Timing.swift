import Domain
import Foundation
import Scheduling

/// When a task is due: its schedule fields judged together.
extension TaskRules {
    /// The timing that a new task asks for; nil where too little of it can be read, which the draft's faults tell.
    func newTiming(_ draft: TaskDraft, at now: Date) throws(InputFaults) -> TaskTiming? {
        let zone = draft.timezone.or("UTC")
        // Of a kind that cannot be read nothing is known, not that it is the default.
        let kind = draft.scheduleKind.optional ?? (draft.hasFault(at: "schedule_type") ? nil : .cron)
        let parts = TimingParts(
            kind: kind, text: draft.schedule.optional, timezone: zone, startsAt: draft.startsAt.or(nil),
            endsAt: draft.endsAt.or(nil))
        let faults = parts.faults
        guard faults.isEmpty else { throw InputFaults(faults.map(InputFault.init)) }
        guard let kind, let text = parts.text else { return nil }
        return try reading { () throws(TimingFault) in
            try readTiming(
                kind: kind, text: text, timezone: zone, dstPolicy: draft.dstPolicy.or(.standard),
                startsAt: try parts.startsAt?.instant(inZoneNamed: zone, field: .startsAt),
                endsAt: try parts.endsAt?.instant(inZoneNamed: zone, field: .endsAt), at: now)
        }
    }

    /// What a draft makes of a task's timing.
    func changedTiming(
        of task: TaskDefinition, _ draft: TaskDraft, at now: Date
    ) throws(InputFaults) -> TaskTiming {
        let before = task.timing
        let zone = draft.timezone.or(before.timezone)
        func bound(
            _ sent: Sent<MomentText?>, _ present: Date?, _ field: TimingFault.Field
        ) throws(TimingFault) -> Date? {
            switch sent {
            case .nothing: return present
            case .value(let moment):
                let instant = try moment?.instant(inZoneNamed: zone, field: field)
                // What is stored is kept where it is the same: its `Date` may differ in the last bit.
                return instant?.isSameMicrosecond(as: present) == true ? present : instant
            }
        }
        var timing = try reading { () throws(TimingFault) in
            var sent = before
            (sent.kind, sent.text) = (draft.scheduleKind.or(before.kind), draft.schedule.or(before.text))
            (sent.timezone, sent.dstPolicy) = (zone, draft.dstPolicy.or(before.dstPolicy))
            sent.startsAt = try bound(draft.startsAt, before.startsAt, .startsAt)
            sent.endsAt = try bound(draft.endsAt, before.endsAt, .endsAt)
            // Not judged anew: a schedule that has ended may be sent again.
            guard sent != before else { return before }
            return try readTiming(
                kind: sent.kind, text: sent.text, timezone: zone, dstPolicy: sent.dstPolicy, startsAt: sent.startsAt,
                endsAt: sent.endsAt, at: now)
        }
        // Sending a field's present value changes nothing, and an anchor moves only with what sets it.
        let isSameSchedule = timing.kind == before.kind && timing.text == before.text
        if isSameSchedule, timing.startsAt == before.startsAt { timing.anchor = before.anchor }
        let isSameInstant = timing.timezone == before.timezone && timing.startsAt == before.startsAt
        if isSameSchedule, isSameInstant || task.isSpent(at: now) { timing.onceAt = before.onceAt }
        return timing
    }

    /// The first slot of a timing, which may have been stored by a server that knows a zone which this one does not.
    func firstSlot(of timing: TaskTiming, isNew: Bool, at now: Date) throws(OperationError) -> Date? {
        do {
            return try timing.firstSlot(isNew: isNew, at: now)
        } catch {
            throw OperationError.invalid([InputFault(error)])
        }
    }

    private func readTiming(
        kind: ScheduleKind, text: String, timezone: String, dstPolicy: DSTPolicy, startsAt: Date?, endsAt: Date?,
        at now: Date
    ) throws(TimingFault) -> TaskTiming {
        let timing = try TaskTiming.read(
            kind: kind, text: text, timezone: timezone, dstPolicy: dstPolicy, startsAt: startsAt, endsAt: endsAt,
            at: now)
        try timing.checkFires(at: now)
        return timing
    }

    private func reading<Value>(_ body: () throws(TimingFault) -> Value) throws(InputFaults) -> Value {
        do {
            return try body()
        } catch {
            throw InputFaults([InputFault(error)])
        }
    }
}

extension MomentText {
    /// The instant that is meant in the zone of this name; in UTC if there is none such, which is reported by itself.
    fileprivate func instant(inZoneNamed name: String, field: TimingFault.Field) throws(TimingFault) -> Date {
        let zone = (try? ZoneRules.named(name)) ?? .utc  // An unknown zone is a fault of its own field.
        return try TaskTiming.instant(of: self, in: zone, field: field)
    }
}

extension TaskDraft {
    fileprivate func hasFault(at key: String) -> Bool {
        faults.contains { $0.place == [.key(key)] }
    }
}

extension TaskDefinition {
    /// Whether its once time has come, or passed in a pause: only another schedule has it fire again.
    fileprivate func isSpent(at now: Date) -> Bool {
        guard let onceAt = timing.onceAt else { return false }
        return nextRun == nil && onceAt <= now
    }
}
