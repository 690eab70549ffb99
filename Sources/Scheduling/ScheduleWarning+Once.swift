import Foundation

extension ScheduleWarning {
    /// No change of the clock takes longer than so many seconds of local time.
    private static let longestChange = 26.0 * 3_600

    /// What there is to say about a single instant that was written as `text`, a local time or a cron line: whether the
    /// clock skips that local time, or shows it twice. Nothing where it was written with an offset.
    package static func warnings(forOnce text: String, at instant: Date, in zone: ZoneRules) -> [ScheduleWarning] {
        guard let expression = expression(of: text) else { return [] }
        // From just before: a time that is skipped is made up for at the very moment of the change.
        let (gap, fold) = ClockChange.first(
            of: zone, from: instant - 1, through: instant + longestChange, expression)
        let moment = ISO8601.format(instant, in: zone)
        return [
            gap.map { "\(skipping(over: $0.times)); the time asked for does not exist: it runs at \(moment)." },
            fold.map {
                "\(goingBack(over: $0.times)); the time asked for comes twice: it runs at the first, \(moment)."
            },
        ].compactMap { $0 }.map(ScheduleWarning.init(description:))
    }

    /// A local time as the cron line that matches it.
    private static func expression(of text: String) -> CronExpression? {
        let line =
            switch ISO8601.parse(text) {
            case .instant: ""
            case .local(let time): "\(time.second) \(time.minute) \(time.hour) \(time.day) \(time.month) *"
            case nil: text
            }
        // Whether it can be read at all was judged before; an instant needs no words.
        return try? CronExpression(line)
    }
}
