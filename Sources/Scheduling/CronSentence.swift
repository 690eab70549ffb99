/// Puts a cron expression into words, from its values rather than its spelling.
struct CronSentence {
    private let seconds: [Int]
    private let minutes: [Int]
    private let hours: [Int]
    private let days: CronDaySentence

    private static let mostTimes = 6
    /// So many numbers are read one by one; more are told as a rhythm where they have one.
    private static let mostNumbers = 6

    init(_ expression: CronExpression) {
        seconds = expression.seconds.bits
        minutes = expression.minutes.bits
        hours = expression.hours.bits
        days = CronDaySentence(expression.days, months: expression.months)
    }

    /// One sentence without its full stop.
    var text: String {
        let days = days.text
        guard hours.count * minutes.count * seconds.count > Self.mostTimes else {
            let times = times.listed()
            guard !days.isEmpty else { return "At \(times) every day" }
            return "\(days.capitalizedFirst)\(self.days.hasCondition ? "," : "") at \(times)"
        }
        let rhythm = (seconds == [0] ? byMinute : bySecond).capitalizedFirst
        return days.isEmpty ? rhythm : "\(rhythm), \(days)"
    }

    /// Each time of day.
    private var times: [String] {
        hours.flatMap { hour in
            minutes.flatMap { minute in
                seconds.map { second in
                    let time = time(hour, minute)
                    return seconds == [0] ? time : "\(time):\(twoDigits(second))"
                }
            }
        }
    }

    /// At second 0, more often than can be told time by time.
    private var byMinute: String {
        if minutes.count == 1 { return onceAnHour(minutes[0]) }
        let hasAllHours = hours.count == CronField.hour.count
        if let round = EvenSteps(minutes), round.isWholeRound(of: CronField.minute) {
            let rhythm = every(round.step, "minute")
            if hasAllHours { return rhythm }
            let spans = hourSpans
            guard spans.count < 3 else { return "\(rhythm) during hours \(hours.spans)" }
            return "\(rhythm) \(spans.map { "from \(time($0.first, 0)) to \(time($0.last, round.last))" }.listed())"
        }
        if let steps = EvenSteps(minutes), steps.step == 1 && minutes.count > 3 || minutes.count > Self.mostNumbers {
            let rhythm = every(steps.step, "minute")
            if hours.count == 1 {
                return "\(rhythm) from \(time(hours[0], steps.first)) to \(time(hours[0], steps.last))"
            }
            let span = "\(rhythm) from minute \(steps.first) to minute \(steps.last)"
            return hasAllHours ? "\(span) of every hour" : "\(span) of hours \(hours.spans)"
        }
        return hasAllHours
            ? "at \(minutes.map(String.init).listed()) minutes past every hour"
            : "at minutes \(minutes.spans) of hour\(hours.count == 1 ? "" : "s") \(hours.spans)"
    }

    private func onceAnHour(_ minute: Int) -> String {
        guard let steps = EvenSteps(hours) else {
            let spans = hourSpans
            guard spans.count < 3, spans.allSatisfy({ $0.first != $0.last }) else { return "at \(times.listed())" }
            return "every hour \(spans.map { "from \(time($0.first, minute)) to \(time($0.last, minute))" }.listed())"
        }
        let rhythm = every(steps.step, "hour")
        guard steps.isWholeRound(of: CronField.hour) else {
            return "\(rhythm) from \(time(steps.first, minute)) to \(time(steps.last, minute))"
        }
        if minute == 0 { return rhythm }
        return steps.step == 1
            ? "at \(minute) minute\(minute == 1 ? "" : "s") past every hour"
            : "\(rhythm) from \(time(0, minute)) to \(time(steps.last, minute))"
    }

    /// The hours that follow each other, as first and last. Where every day is one, the night holds two days together.
    private var hourSpans: [(first: Int, last: Int)] {
        var spans = hours.runs
        if days.text.isEmpty, spans.count > 1, let first = spans.first, first.first == 0, let last = spans.last,
            last.last == 23
        {
            spans = Array(spans.dropFirst().dropLast()) + [(last.first, first.last)]
        }
        return spans
    }

    private var bySecond: String {
        var text = numbered(seconds, .second)
        if let round = EvenSteps(seconds), round.isWholeRound(of: .second) { text = every(round.step, "second") }
        var isOfEvery = text.hasPrefix("every")
        if !isOfEvery { text = "at \(text)" }
        for (values, field) in [(minutes, CronField.minute), (hours, CronField.hour)] {
            let isEvery = values.count == field.count
            // "Every second" needs no "of every minute" behind it; "second 30" does.
            if !(isEvery && isOfEvery) {
                text += isEvery ? " of every \(field.title)" : " of \(numbered(values, field))"
            }
            isOfEvery = isEvery
        }
        return text
    }

    /// `minute 5`, `hours 2 and 4`.
    private func numbered(_ values: [Int], _ field: CronField) -> String {
        "\(field.title)\(values.count == 1 ? "" : "s") \(values.spans)"
    }

    private func every(_ count: Int, _ unit: String) -> String {
        count == 1 ? "every \(unit)" : "every \(count) \(unit)s"
    }

    private func time(_ hour: Int, _ minute: Int) -> String { "\(twoDigits(hour)):\(twoDigits(minute))" }

    private func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
