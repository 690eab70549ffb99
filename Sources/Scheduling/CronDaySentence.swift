/// Puts the dates of a cron expression into words: `every weekday`, `on day 13 of the month and every Friday`.
struct CronDaySentence {
    /// Empty if every day is one.
    let text: String
    /// Whether it ends with a condition, after which a comma stands.
    let hasCondition: Bool

    init(_ days: CronDays, months: UInt16) {
        let words = Words(days: days, months: MonthWords(months))
        hasCondition = days.needsBoth && !words.byDate.isEmpty && !words.hasEveryWeekday
        text = words.text(hasCondition)
    }

    private struct Words {
        let days: CronDays
        let months: MonthWords

        var hasEveryDate: Bool { days.numbered == UInt32(CronField.dayOfMonth.everything) }
        var hasEveryWeekday: Bool { days.weekdays == 0x7F }

        func text(_ hasCondition: Bool) -> String {
            if hasCondition { return "on \(byDate.listed()) \(months.of), if it is \(condition)" }
            // One field that holds every day decides where either one will do, and leaves it to the other where both
            // must.
            if hasEveryDate && hasEveryWeekday || !days.needsBoth && (hasEveryDate || hasEveryWeekday) {
                return months.within.isEmpty ? "" : "every day \(months.within)"
            }
            let dates = (hasEveryDate ? [] : byDate) + (hasEveryWeekday ? [] : byPlace)
            let weekdays = hasEveryWeekday ? [] : days.weekdays.mondayFirst
            let weekly = weekdays.isEmpty ? "" : Self.weekly(weekdays, isAlone: dates.isEmpty)
            if weekly.isEmpty { return "on \(dates.listed()) \(months.of)" }
            if dates.isEmpty { return months.within.isEmpty ? weekly : "\(weekly) \(months.within)" }
            let head = months.within.isEmpty ? "" : "\(months.within), "
            return "\(head)on \(dates.listed()) of the month and \(weekly)"
        }

        /// `day 13`, `the last weekday`.
        var byDate: [String] {
            if hasEveryDate { return [] }
            let numbers = UInt64(days.numbered).bits
            var parts: [String] = []
            if let steps = EvenSteps(numbers), (2...7).contains(steps.step), numbers.count > 4 {
                parts = ["every \(Self.ordinals[steps.step]) day from day \(steps.first) to day \(steps.last)"]
            } else if !numbers.isEmpty {
                parts = ["day\(numbers.count == 1 ? "" : "s") \(numbers.spans)"]
            }
            parts += UInt64(days.beforeLast).bits.map(fromLast)
            parts += UInt64(days.nearestWeekdays).bits.map { "the weekday nearest to day \($0)" }
            parts += UInt64(days.nearestBeforeLast).bits.map {
                $0 == 0 ? "the last weekday" : "the weekday nearest to \(fromLast($0))"
            }
            return parts
        }

        private func fromLast(_ distance: Int) -> String {
            switch distance {
            case 0: "the last day"
            case 1: "the second to last day"
            default: "the day \(distance) days before the last day"
            }
        }

        /// `the second Tuesday`, `the last Friday`.
        private var byPlace: [String] {
            let nth = days.nthWeekdays.bits.map { (place: $0 / 7, weekday: $0 % 7) }
            var parts = nth.map { "the \(Self.ordinals[$0.place + 1]) \(Self.names[$0.weekday])" }
            if nth.count > 1, Set(nth.map(\.weekday)).count == 1 {
                let places = nth.map { Self.ordinals[$0.place + 1] }.listed()
                parts = ["the \(places) \(Self.names[nth[0].weekday])"]
            }
            return parts + days.lastWeekdays.mondayFirst.map { "the last \(Self.names[$0])" }
        }

        private var condition: String {
            if days.weekdays == 0x3E { return (["a weekday"] + byPlace).listed("or") }
            let weekdays = days.weekdays.mondayFirst.map { Self.names[$0] }
            if byPlace.isEmpty { return "a \(weekdays.listed("or"))" }
            return (weekdays.map { "a \($0)" } + byPlace).listed("or")
        }

        /// `every weekday`, `Friday to Sunday`, `every Monday and Thursday`.
        private static func weekly(_ weekdays: [Int], isAlone: Bool) -> String {
            if weekdays == [1, 2, 3, 4, 5] { return "every weekday" }
            let missing = (0...6).filter { !weekdays.contains($0) }
            if missing.count == 1, !(missing[0] == 0 || missing[0] == 6) {
                return "every day except \(names[missing[0]])"
            }
            // The week is a circle: a run begins after the day that is missing before it.
            guard let first = weekdays.first(where: { missing.contains(($0 + 6) % 7) }),
                weekdays.allSatisfy({ ($0 - first + 7) % 7 < weekdays.count })
            else { return "every \(weekdays.map { names[$0] }.listed())" }
            let run = weekdays.indices.map { names[(first + $0) % 7] }
            guard run.count > 2 else { return "every \(run.listed())" }
            let span = "\(run[0]) to \(run[run.count - 1])"
            return isAlone ? span : "every day from \(span)"
        }

        private static let names = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
        private static let ordinals = ["", "first", "second", "third", "fourth", "fifth", "sixth", "seventh"]
    }
}

/// The months of a cron expression in words.
private struct MonthWords {
    /// Behind a date: `of the month`, `of March and June`.
    let of: String
    /// Behind a weekday: `in March and June`, `from March to June`; empty for all months.
    let within: String

    init(_ months: UInt16) {
        let values = UInt64(months).bits
        guard values.count < CronField.month.count else {
            of = "of the month"
            within = ""
            return
        }
        // The year is a circle, as the week is.
        let first = values.first { !values.contains($0 == 1 ? 12 : $0 - 1) } ?? values[0]
        if values.count > 2, values.allSatisfy({ ($0 - first + 12) % 12 < values.count }) {
            let last = (first + values.count - 2) % 12 + 1
            within = "from \(Self.names[first]) to \(Self.names[last])"
            of = "of each month \(within)"
        } else {
            let list = values.map { Self.names[$0] }.listed()
            within = "in \(list)"
            of = "of \(list)"
        }
    }

    private static let names = [
        "", "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
        "November", "December",
    ]
}

extension UInt8 {
    /// The weekdays in this set, Sunday being 0 and last.
    fileprivate var mondayFirst: [Int] {
        let days = UInt64(self).bits
        return days.filter { $0 != 0 } + days.filter { $0 == 0 }
    }
}
