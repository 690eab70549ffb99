import Foundation
import Scheduling

/// The parts of a timing as far as they are known, to be judged before, or without, knowing the rest.
package struct TimingParts: Sendable {
    package var kind: ScheduleKind?
    package var text: String?
    package var timezone: String?
    package var startsAt: MomentText?
    package var endsAt: MomentText?

    /// The parts that are known.
    package init(
        kind: ScheduleKind?, text: String?, timezone: String?, startsAt: MomentText?, endsAt: MomentText?
    ) {
        self.kind = kind
        self.text = text
        self.timezone = timezone
        self.startsAt = startsAt
        self.endsAt = endsAt
    }

    /// Everything wrong with the parts that are there, a fault a field. A text of unknown kind is at fault if no kind
    /// can read it. That a schedule never fires within its bounds is not told here.
    package var faults: [TimingFault] {
        var faults: [TimingFault] = []
        func note(_ check: () throws(TimingFault) -> Void) {
            do { try check() } catch { faults.append(error) }
        }
        note(checkText)
        note { () throws(TimingFault) in if let timezone { _ = try TaskTiming.zone(timezone) } }
        var start: Date?
        var end: Date?
        note { () throws(TimingFault) in start = try instant(of: startsAt, field: .startsAt) }
        note { () throws(TimingFault) in end = try instant(of: endsAt, field: .endsAt) }
        note { () throws(TimingFault) in try Self.checkOrder(start, end) }
        return faults
    }

    private func checkText() throws(TimingFault) {
        guard let text else { return }
        switch kind {
        case .cron: _ = try TaskTiming.cron(text)
        case .interval: _ = try TaskTiming.interval(text)
        case .once: try Self.checkOnce(text)
        case nil:
            // Why it is no interval is not worth telling: the other two kinds name what they allow.
            if (try? TaskTiming.interval(text)) == nil { try Self.checkOnce(text) }
        }
    }

    private static func checkOnce(_ text: String) throws(TimingFault) {
        if ISO8601.parse(text) == nil { _ = try TaskTiming.onceExpression(text) }
    }

    private static func checkOrder(_ start: Date?, _ end: Date?) throws(TimingFault) {
        guard let start, let end, end <= start else { return }
        throw TimingFault(field: .endsAt, reason: "ends_at must be later than starts_at")
    }

    /// The instant of a bound; nil where it depends on a zone that nobody named.
    private func instant(of bound: MomentText?, field: TimingFault.Field) throws(TimingFault) -> Date? {
        switch bound {
        case nil: return nil
        case .local where timezone == nil: return nil
        case .some(let moment):
            // A zone that is none is a fault of its own field; what is wrong in UTC is wrong in the zone meant.
            let zone = timezone.flatMap { try? ZoneRules.named($0) } ?? .utc
            return try TaskTiming.instant(of: moment, in: zone, field: field)
        }
    }
}
