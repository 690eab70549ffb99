import Domain
import Foundation
import Scheduling
import Storage

/// A question: when would this fire?
package struct PreviewRequest: Sendable {
    package var kind: ScheduleKind
    package var schedule: String
    package var timezone: String
    package var from: MomentText?
    package var startsAt: MomentText?
    package var endsAt: MomentText?
    /// 1 to 100.
    package var count: Int

    /// A question about `schedule`.
    package init(
        kind: ScheduleKind, schedule: String, timezone: String, from: MomentText?, startsAt: MomentText?,
        endsAt: MomentText?, count: Int
    ) {
        self.kind = kind
        self.schedule = schedule
        self.timezone = timezone
        self.from = from
        self.startsAt = startsAt
        self.endsAt = endsAt
        self.count = count
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
    /// - Throws: `OperationError.invalid` naming the field.
    package init(_ request: PreviewRequest, now: Date) throws {
        do {
            let zone = try ZoneRules.named(request.timezone)
            let from = request.from?.resolved(in: .utc) ?? now
            let timing = try TaskTiming.read(
                kind: request.kind, text: request.schedule, timezone: request.timezone,
                startsAt: request.startsAt?.resolved(in: zone), endsAt: request.endsAt?.resolved(in: zone), at: from)
            let slots = try timing.slots()
            next = Array(slots.upcoming(after: from).prefix(request.count))
            sentence = slots.schedule.sentence
            warnings = ScheduleWarning.warnings(
                for: slots.schedule, text: request.schedule, from: from, through: next.last
            ).map(\.description)
            self.zone = zone
        } catch let error as TimingFault {
            throw OperationError.invalid([InputFault([.key(error.field.rawValue)], error.reason)])
        } catch let error as ZoneError {
            throw OperationError.invalid([InputFault(["timezone"], error.description)])
        }
    }
}
