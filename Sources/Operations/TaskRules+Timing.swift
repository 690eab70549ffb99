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
        return try readTiming(
            kind: kind, text: text, timezone: zone, startsAt: parts.startsAt?.resolved(inZoneNamed: zone),
            endsAt: parts.endsAt?.resolved(inZoneNamed: zone), at: now)
    }

    /// What a draft makes of a timing.
    func changedTiming(
        _ before: TaskTiming, _ draft: TaskDraft, at now: Date
    ) throws(InputFaults) -> TaskTiming {
        let zone = draft.timezone.or(before.timezone)
        func bound(_ sent: Sent<MomentText?>, _ present: Date?) -> Date? {
            switch sent {
            case .nothing: present
            case .value(let moment): moment?.resolved(inZoneNamed: zone)
            }
        }
        var timing = try readTiming(
            kind: draft.scheduleKind.or(before.kind), text: draft.schedule.or(before.text), timezone: zone,
            startsAt: bound(draft.startsAt, before.startsAt), endsAt: bound(draft.endsAt, before.endsAt), at: now)
        // Sending a field's present value changes nothing, and an anchor moves only with what sets it.
        let isSameSchedule = timing.kind == before.kind && timing.text == before.text
        if isSameSchedule, timing.startsAt == before.startsAt { timing.anchor = before.anchor }
        if isSameSchedule, timing.timezone == before.timezone { timing.onceAt = before.onceAt }
        return timing
    }

    private func readTiming(
        kind: ScheduleKind, text: String, timezone: String, startsAt: Date?, endsAt: Date?, at now: Date
    ) throws(InputFaults) -> TaskTiming {
        do throws(TimingFault) {
            let timing = try TaskTiming.read(
                kind: kind, text: text, timezone: timezone, startsAt: startsAt, endsAt: endsAt, at: now)
            try timing.checkFires(at: now)
            return timing
        } catch {
            throw InputFaults([InputFault(error)])
        }
    }
}

extension MomentText {
    /// The instant that is meant in the zone of this name; in UTC if there is none such, which is reported by itself.
    fileprivate func resolved(inZoneNamed name: String) -> Date {
        switch self {
        case .instant(let date): return date
        case .local:
            let zone = (try? ZoneRules.named(name)) ?? .utc  // An unknown zone is a fault of its own field.
            return resolved(in: zone)
        }
    }
}

extension TaskDraft {
    fileprivate func hasFault(at key: String) -> Bool {
        faults.contains { $0.place == [.key(key)] }
    }
}
