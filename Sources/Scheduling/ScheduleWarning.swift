import Foundation

/// Something about a valid schedule that its author may not expect.
package struct ScheduleWarning: Sendable, Hashable, CustomStringConvertible {
    /// One English sentence.
    package let description: String

    /// What there is to say about a cron schedule written as `text`; empty for an interval or a single instant.
    ///
    /// Changes of the clock are looked for after `from`, through `through`.
    package static func warnings(
        for schedule: Schedule, text: String, from: Date, through: Date
    ) -> [ScheduleWarning] {
        guard case .cron(let expression, let zone, let dst) = schedule else { return [] }
        let fields = text.split { $0 == " " || $0 == "\t" }.map(String.init)
        var sentences: [String] = []
        if fields.count >= 5 {
            sentences += unevenSteps(in: fields) + shortMonths(expression) + bothDays(expression, fields)
        }
        sentences += otherReadings(of: fields)
        sentences += changes(of: zone, from: from, through: through, expression, dst)
        return sentences.map(ScheduleWarning.init(description:))
    }

    private static func bothDays(_ expression: CronExpression, _ fields: [String]) -> [String] {
        let isFree: Set<String> = ["*", "?"]
        guard !isFree.contains(fields[fields.count - 3]), !isFree.contains(fields[fields.count - 1]) else { return [] }
        return [
            expression.days.needsBoth
                ? "Day of month and day of week are both restricted: a date must match both; other dialects take either."
                : "Day of month and day of week are both restricted: a date that matches either one will do; "
                    + "other dialects want both."
        ]
    }

    /// The first skipped and the first repeated local time that the schedule meets.
    private static func changes(
        of zone: ZoneRules, from: Date, through: Date, _ expression: CronExpression, _ dst: DSTPolicy
    ) -> [String] {
        let (gap, fold) = ClockChange.first(of: zone, from: from, through: through, expression)
        return [gap.map { skipped($0.times, expression, dst) }, fold.map { repeated($0.times, expression, dst) }]
            .compactMap { $0 }
    }

    private static func skipped(_ times: Range<Int>, _ expression: CronExpression, _ dst: DSTPolicy) -> String {
        let effect =
            if dst == .skip {
                "runs in between are left out."
            } else if expression.coversAllHours {
                "the schedule goes on at its next existing time."
            } else {
                "runs in between come once, when the clock has moved on."
            }
        return "\(skipping(over: times)); \(effect)"
    }

    private static func repeated(_ times: Range<Int>, _ expression: CronExpression, _ dst: DSTPolicy) -> String {
        let effect =
            expression.runsInFirstPassOnly(dst)
            ? "runs in between come in the first pass only." : "runs in between come in both passes."
        return "\(goingBack(over: times)); \(effect)"
    }

    static func skipping(over times: Range<Int>) -> String {
        "The clock skips from \(local(times.lowerBound)) to \(local(times.upperBound))"
    }

    static func goingBack(over times: Range<Int>) -> String {
        "The clock goes back from \(local(times.upperBound)) to \(local(times.lowerBound))"
    }

    private static func local(_ second: Int) -> String {
        String(ISO8601.format(Date(wholeSeconds: second)).dropLast())
    }
}
