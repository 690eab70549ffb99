import Domain
import Foundation
import Scheduling

/// A question: when would this fire?
package struct PreviewRequest: Sendable {
    /// Nil if it could not be read.
    package var kind: ScheduleKind?
    /// Nil if it could not be read.
    package var schedule: String?
    package var timezone: String
    package var dstPolicy: DSTPolicy
    package var from: MomentText?
    package var startsAt: MomentText?
    package var endsAt: MomentText?
    /// How many slots are asked for, within `countRange`.
    package var count: Int
    /// What of the question could not be read, to be told together with what else is wrong.
    package var faults: [InputFault]

    /// So many slots may be asked for.
    package static let countRange = 1...100

    /// A question about `schedule`.
    package init(
        kind: ScheduleKind?, schedule: String?, timezone: String, from: MomentText?, startsAt: MomentText?,
        endsAt: MomentText?, count: Int, dstPolicy: DSTPolicy = .standard, faults: [InputFault] = []
    ) {
        self.kind = kind
        self.schedule = schedule
        self.timezone = timezone
        self.dstPolicy = dstPolicy
        self.from = from
        self.startsAt = startsAt
        self.endsAt = endsAt
        self.count = count
        self.faults = faults
    }
}

/// The answer to a `PreviewRequest`.
package struct SchedulePreview: Sendable {
    /// The first slots strictly after the instant asked from.
    package let next: [Date]
    /// The schedule in words.
    package let sentence: String
    /// What may surprise about it, a sentence each.
    package let warnings: [String]
    /// The zone that the slots are told in.
    package let zone: ZoneRules

    /// Answers `request`; nothing is stored.
    ///
    /// - Parameter now: what `from` means when it is left out.
    /// - Throws: `OperationError.invalid` with every fault, also of a schedule that never fires within its bounds.
    package init(_ request: PreviewRequest, now: Date) throws {
        let parts = TimingParts(
            kind: request.kind, text: request.schedule, timezone: request.timezone, startsAt: request.startsAt,
            endsAt: request.endsAt)
        let faults = request.faults + parts.faults.map(InputFault.init)
        guard faults.isEmpty, let kind = request.kind, let text = request.schedule else {
            throw OperationError.invalid(faults.firstOfEachPlace)
        }
        zone = try ZoneRules.named(request.timezone)
        // A local time in UTC lies in the years that it can be written with.
        let from = request.from?.resolved(in: .utc) ?? now
        let startsAt = request.startsAt?.resolved(in: zone)
        let slots: Slots
        do {
            let timing = try TaskTiming.read(
                kind: kind, text: text, timezone: request.timezone, dstPolicy: request.dstPolicy,
                startsAt: startsAt, endsAt: request.endsAt?.resolved(in: zone), at: from)
            // What has ended by then is no fault, only what could never fire.
            try timing.checkCouldFire()
            slots = try timing.slots()
        } catch {
            throw OperationError.invalid([InputFault(error)])
        }
        next = Array(slots.upcoming(after: from).prefix(request.count))
        let (begin, end) = Self.horizon(from, next.last, slots)
        let found: [ScheduleWarning]
        if case .once(let instant) = slots.schedule {
            sentence = Schedule.sentence(once: instant, in: zone)
            found = next.isEmpty ? [] : ScheduleWarning.warnings(forOnce: text, at: instant, in: zone)
        } else {
            sentence = slots.schedule.sentence(from: begin, through: end)
            found = ScheduleWarning.warnings(for: slots.schedule, text: text, from: begin, through: end)
        }
        warnings = found.map(\.description)
    }

    /// Where changes of the clock are looked for: through a year, and the slots that are told, within the bounds.
    private static func horizon(_ from: Date, _ last: Date?, _ slots: Slots) -> (from: Date, through: Date) {
        let begin = max(from, slots.begin)
        let year = begin + 366 * 86_400
        return (begin, min(max(last ?? year, year), slots.end))
    }
}
