import Foundation

/// A change of a zone's clock that a cron expression meets: some of its local times are skipped, or come twice.
struct ClockChange: Sendable {
    enum Kind: Sendable {
        case skips, repeats
    }

    let kind: Kind
    /// When the clock changes, in seconds since 1970.
    let instant: Int
    /// The local times that are skipped or come twice, in seconds: from the first to just before the last.
    let times: Range<Int>
    /// The first of the expression's local times among them.
    let firstMatch: Int

    /// The first skipped and the first repeated local time that an expression meets after `from`, through `through`.
    static func first(
        of zone: ZoneRules, from: Date, through: Date, _ expression: CronExpression
    ) -> (skipped: ClockChange?, repeated: ClockChange?) {
        let end = CivilDate.floorDivide(through.microseconds, by: 1_000_000)
        var segment = zone.segment(at: CivilDate.floorDivide(from.microseconds, by: 1_000_000))
        var skipped: ClockChange?
        var repeated: ClockChange?
        while segment.end <= end, skipped == nil || repeated == nil {
            let before = segment.end + segment.offset
            segment = zone.segment(at: segment.end)
            let after = segment.start + segment.offset
            let times = min(before, after)..<max(before, after)
            let match = expression.firstMatch(from: times.lowerBound)
            guard match < times.upperBound else { continue }
            let change = ClockChange(
                kind: after > before ? .skips : .repeats, instant: segment.start, times: times, firstMatch: match)
            switch change.kind {
            case .skips: skipped = skipped ?? change
            case .repeats: repeated = repeated ?? change
            }
        }
        return (skipped, repeated)
    }
}
