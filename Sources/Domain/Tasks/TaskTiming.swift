import Foundation
import Scheduling

/// When a task is due, as it was sent and with what had to be fixed at that moment.
package struct TaskTiming: Sendable, Hashable {
    package var kind: ScheduleKind
    /// The schedule as it was sent.
    package var text: String
    /// A name of the tz database.
    package var timezone: String
    /// Slots before this instant do not exist.
    package var startsAt: Date?
    /// Slots at or after this instant do not exist.
    package var endsAt: Date?
    /// The origin of an interval's grid; nil for the other kinds.
    package var anchor: Date?
    /// The instant of a once schedule; nil for the other kinds.
    package var onceAt: Date?
    /// What a cron schedule does where the clock changes; the other kinds do not heed it.
    package var dstPolicy: DSTPolicy

    /// A timing of these parts.
    package init(
        kind: ScheduleKind, text: String, timezone: String, startsAt: Date?, endsAt: Date?, anchor: Date?,
        onceAt: Date?,
        dstPolicy: DSTPolicy = .standard
    ) {
        self.kind = kind
        self.text = text
        self.timezone = timezone
        self.startsAt = startsAt
        self.endsAt = endsAt
        self.anchor = anchor
        self.onceAt = onceAt
        self.dstPolicy = dstPolicy
    }

    /// The slots of this timing.
    ///
    /// - Throws: `TimingFault` naming the field that cannot be read.
    package func slots() throws(TimingFault) -> Slots {
        Slots(schedule: try schedule(), startsAt: startsAt, endsAt: endsAt)
    }

    private func schedule() throws(TimingFault) -> Schedule {
        switch kind {
        case .cron:
            return .cron(try Self.cron(text), try Self.zone(timezone), dstPolicy)
        case .interval:
            guard let anchor else { throw TimingFault(field: .schedule, reason: "an interval needs an anchor") }
            return .interval(try Self.interval(text), anchor: anchor, includesAnchor: startsAt != nil)
        case .once:
            guard let onceAt else { throw TimingFault(field: .schedule, reason: "a once schedule needs its instant") }
            return .once(onceAt)
        }
    }

    /// The slot that a task of this timing waits for at `now`.
    ///
    /// - Parameter isNew: whether the schedule was asked for just now: then a once time in the past is due at once.
    package func firstSlot(isNew: Bool, at now: Date) throws(TimingFault) -> Date? {
        let slots = try slots()
        guard isNew, let onceAt, onceAt <= now else { return slots.first(after: now) }
        return slots.contains(onceAt) ? onceAt : nil
    }

    /// Says that a timing just asked for would never be due.
    ///
    /// - Throws: `TimingFault` of the schedule.
    package func checkFires(at now: Date) throws(TimingFault) {
        guard try firstSlot(isNew: true, at: now) != nil else { throw Self.neverFires }
    }

    /// Says that a timing could never be due, whenever it is asked for.
    ///
    /// - Throws: `TimingFault` of the schedule.
    package func checkCouldFire() throws(TimingFault) {
        // An interval without a start has its grid where its anchor is: an earlier one would have fired.
        guard kind != .interval || startsAt != nil else { return }
        let schedule: Schedule =
            if kind == .once, ISO8601.parse(text) == nil {
                .cron(try Self.onceExpression(text), try Self.zone(timezone), .standard)
            } else {
                try schedule()
            }
        guard Slots(schedule: schedule, startsAt: startsAt, endsAt: endsAt).slot(after: .min) != nil else {
            throw Self.neverFires
        }
    }

    private static let neverFires = TimingFault(
        field: .schedule, reason: "this schedule never fires within its bounds")

    /// Reads `text` as sent at `now`, and fixes an interval's anchor and a once schedule's instant.
    ///
    /// - Throws: `TimingFault` naming the field and what it allows.
    package static func read(
        kind: ScheduleKind, text: String, timezone: String, dstPolicy: DSTPolicy = .standard, startsAt: Date?,
        endsAt: Date?,
        at now: Date
    ) throws(TimingFault) -> TaskTiming {
        let zone = try zone(timezone)
        if let startsAt, let endsAt, endsAt <= startsAt {
            throw TimingFault(field: .endsAt, reason: "ends_at must be later than starts_at")
        }
        var timing = TaskTiming(
            kind: kind, text: text, timezone: timezone, startsAt: startsAt, endsAt: endsAt, anchor: nil, onceAt: nil,
            dstPolicy: dstPolicy)
        switch kind {
        case .cron:
            _ = try cron(text)
        case .interval:
            _ = try interval(text)
            timing.anchor = startsAt ?? now
        case .once:
            // A cron line fires at its first match within the bounds; `startsAt` itself may be it.
            let earliest = startsAt.map { max(now, $0 - 0.000_001) } ?? now
            timing.onceAt = try onceInstant(text, zone: zone, after: earliest)
        }
        return timing
    }

    /// The instant that `moment` means in a zone; one outside the years 0001 to 9999 is a fault of `field`.
    package static func instant(
        of moment: MomentText, in zone: ZoneRules, field: TimingFault.Field
    ) throws(TimingFault) -> Date {
        guard let instant = moment.resolved(in: zone) else {
            throw TimingFault(field: field, reason: "lies outside the years 0001 to 9999 in UTC")
        }
        return instant
    }

    static func zone(_ name: String) throws(TimingFault) -> ZoneRules {
        do {
            return try ZoneRules.named(name)
        } catch {
            throw TimingFault(field: .timezone, reason: error.description)
        }
    }

    static func cron(_ text: String) throws(TimingFault) -> CronExpression {
        do {
            return try CronExpression(text)
        } catch {
            throw TimingFault(field: .schedule, reason: error.description)
        }
    }

    static func interval(_ text: String) throws(TimingFault) -> Interval {
        do {
            return try Interval(text)
        } catch {
            throw TimingFault(field: .schedule, reason: error.description)
        }
    }

    /// The cron expression of which a once schedule takes the next match.
    static func onceExpression(_ text: String) throws(TimingFault) -> CronExpression {
        do {
            return try CronExpression(text)
        } catch {
            // What looks like a date gets the answer for dates, anything else the cron parser's.
            let looksLikeDate =
                text.contains("T") && text.contains(":") || text.first?.isNumber == true && !text.contains(" ")
            throw TimingFault(
                field: .schedule,
                reason: looksLikeDate
                    ? "'\(text)' is not a date and time such as 2026-03-01T02:30:00Z (RFC 3339)"
                    : "not a date and time such as 2026-03-01T02:30:00Z, nor a cron expression: \(error.description)")
        }
    }

    private static func onceInstant(_ text: String, zone: ZoneRules, after now: Date) throws(TimingFault) -> Date {
        if let moment = ISO8601.parse(text) { return try instant(of: moment, in: zone, field: .schedule) }
        guard let match = try onceExpression(text).next(after: now, in: zone), match.isWritable else {
            throw TimingFault(field: .schedule, reason: "'\(text)' never fires again")
        }
        return match
    }
}
