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
}

extension Interval {
    /// `1 hour 30 minutes`; a single unit of one is named bare: `hour`.
    fileprivate var inWords: String {
        var rest = seconds
        var parts: [(count: Int, unit: String)] = []
        for (unit, length) in [("week", 604_800), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)] {
            if rest >= length { parts.append((rest / length, unit)) }
            rest %= length
        }
        if parts.count == 1, let part = parts.first, part.count == 1 { return part.unit }
        return parts.map { "\($0.count) \($0.unit)\($0.count == 1 ? "" : "s")" }.joined(separator: " ")
    }
}

/// Puts a cron expression into words, from its values rather than its spelling.
private struct CronSentence {
    private let expression: CronExpression

    private static let mostTimes = 6
    private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    private static let months = [
        "", "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
        "November", "December",
    ]

    init(_ expression: CronExpression) {
        self.expression = expression
    }

    var text: String {
        let days = days
        if let times { return days.isEmpty ? "At \(times) every day" : "\(days.capitalizedFirst) at \(times)" }
        return days.isEmpty ? frequency : "\(frequency), \(days)"
    }

    /// The times of day, if they are few enough to be named one by one.
    private var times: String? {
        let (hours, minutes, seconds) =
            (values(expression.hours), values(expression.minutes), values(expression.seconds))
        guard hours.count * minutes.count * seconds.count <= Self.mostTimes else { return nil }
        let times = hours.flatMap { hour in
            minutes.flatMap { minute in
                seconds.map { second in
                    let time = "\(twoDigits(hour)):\(twoDigits(minute))"
                    return seconds == [0] ? time : "\(time):\(twoDigits(second))"
                }
            }
        }
        return listed(times)
    }

    private var frequency: String {
        let hours = steps(expression.hours, of: .hour)
        if expression.minutes == 1, expression.seconds == 1, hours.hasPrefix("every") { return hours.capitalizedFirst }
        var parts = expression.seconds == 1 ? [] : [steps(expression.seconds, of: .second)]
        for part in [steps(expression.minutes, of: .minute), hours] {
            // "Every second" needs no "of every minute" behind it; "second 30" does.
            let isPlain = part == "every minute" || part == "every hour"
            if isPlain, let finer = parts.last, finer.hasPrefix("every") { continue }
            parts.append(part)
        }
        return parts.joined(separator: " of ").capitalizedFirst
    }

    /// `every minute`, `every 15 minutes`, `minutes 5 to 10`, `hours 2 and 4`.
    private func steps(_ set: UInt64, of field: CronField) -> String {
        let values = values(set)
        if set == field.everything { return "every \(field.title)" }
        if values.count > 2, values[0] == 0, field.count % values[1] == 0,
            values == Array(stride(from: 0, to: field.count, by: values[1]))
        {
            return "every \(values[1]) \(field.title)s"
        }
        return "\(field.title)\(values.count == 1 ? "" : "s") \(spans(values))"
    }

    /// The dates, empty if every day is one.
    private var days: String {
        let days = expression.days
        let byNumber = numbered(days)
        let byWeekday = weekly(days)
        let dates =
            switch (byNumber.isEmpty, byWeekday.isEmpty) {
            case (true, true): ""
            case (false, true): "on \(byNumber)"
            case (true, false): byWeekday
            case (false, false):
                days.needsBoth ? "on \(byNumber) if it is \(byWeekday)" : "on \(byNumber) and \(byWeekday)"
            }
        guard expression.months != UInt16(CronField.month.everything) else {
            return byNumber.isEmpty ? dates : "\(dates) of the month"
        }
        let months = listed(values(UInt64(expression.months)).map { Self.months[$0] })
        return dates.isEmpty ? "every day in \(months)" : "\(dates) in \(months)"
    }

    private func numbered(_ days: CronDays) -> String {
        if days.numbered == UInt32(CronField.dayOfMonth.everything) { return "" }
        let numbers = values(UInt64(days.numbered))
        var parts = numbers.isEmpty ? [] : ["day\(numbers.count == 1 ? "" : "s") \(spans(numbers))"]
        parts += values(UInt64(days.beforeLast)).map(fromLast)
        parts += values(UInt64(days.nearestWeekdays)).map { "the weekday nearest day \($0)" }
        parts += values(UInt64(days.nearestBeforeLast)).map {
            $0 == 0 ? "the last weekday" : "the weekday nearest \(fromLast($0))"
        }
        return listed(parts)
    }

    private func fromLast(_ distance: Int) -> String {
        switch distance {
        case 0: "the last day"
        case 1: "the day before the last"
        default: "the day \(distance) days before the last"
        }
    }

    private func weekly(_ days: CronDays) -> String {
        switch days.weekdays {
        case 0x7F: return ""
        case 0x3E where days.lastWeekdays == 0 && days.nthWeekdays == 0: return "every weekday"
        default: break
        }
        var parts = values(UInt64(days.weekdays)).map { Self.weekdays[$0] }
        parts += values(days.nthWeekdays).map {
            "\(["first", "second", "third", "fourth", "fifth"][$0 / 7]) \(Self.weekdays[$0 % 7]) of the month"
        }
        parts += values(UInt64(days.lastWeekdays)).map { "last \(Self.weekdays[$0]) of the month" }
        return "every \(listed(parts))"
    }

    private func values(_ set: UInt64) -> [Int] {
        (0..<64).filter { set >> UInt64($0) & 1 != 0 }
    }

    private func twoDigits(_ value: Int) -> String {
        value < 10 ? "0\(value)" : "\(value)"
    }

    /// Runs of three and more are drawn together: `1 to 5, 9 and 10`.
    private func spans(_ values: [Int]) -> String {
        var parts: [String] = []
        var rest = values[...]
        while let first = rest.first {
            let length = zip(rest, first...).prefix { $0 == $1 }.count
            parts += length > 2 ? ["\(first) to \(first + length - 1)"] : rest.prefix(length).map(String.init)
            rest = rest.dropFirst(length)
        }
        return listed(parts)
    }

    private func listed(_ parts: [String]) -> String {
        guard parts.count > 1, let last = parts.last else { return parts.first ?? "" }
        return parts.dropLast().joined(separator: ", ") + " and " + last
    }
}

extension String {
    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
