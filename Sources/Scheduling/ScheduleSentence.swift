import Foundation

extension Schedule {
    /// The schedule as one English sentence without its full stop: `At 02:30 every weekday, Europe/Berlin`.
    var sentence: String {
        switch self {
        case .cron(let expression, let zone, _): "\(CronSentence(expression).text), \(zone.name)"
        case .interval(let interval, _, _): "Every \(interval.inWords)"
        case .once(let date): "Once at \(ISO8601.format(date))"
        }
    }

    /// A single instant as a sentence, by the clock of a zone.
    package static func sentence(once instant: Date, in zone: ZoneRules) -> String {
        "Once at \(ISO8601.format(instant, in: zone)), \(zone.name)"
    }
}

extension Interval {
    /// `1 hour and 30 minutes`; a single unit of one is named bare: `hour`.
    fileprivate var inWords: String {
        var rest = seconds
        var parts: [(count: Int, unit: String)] = []
        for (unit, length) in [("week", 604_800), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)] {
            if rest >= length { parts.append((rest / length, unit)) }
            rest %= length
        }
        if parts.count == 1, let part = parts.first, part.count == 1 { return part.unit }
        return parts.map { "\($0.count) \($0.unit)\($0.count == 1 ? "" : "s")" }.listed()
    }
}
