/// Days that not every month has.
extension ScheduleWarning {
    static func shortMonths(_ expression: CronExpression) -> [String] {
        [missingNumbers(expression), missingBeforeLast(expression)].compactMap { $0 }
    }

    private static func missingNumbers(_ expression: CronExpression) -> String? {
        let days = expression.days.numbered | expression.days.nearestWeekdays
        // Every day is what it says: the whole month, be it short.
        guard days != CronDays.everyNumber else { return nil }
        let missing = (29...31).filter { day in
            days >> UInt32(day) & 1 != 0 && expression.shortestMonth < day
        }
        switch missing {
        case []: return nil
        case [29]: return "February has a day 29 in leap years only: other years have no run on it."
        case let days where days.count == 1: return "Months without a day \(days[0]) have no run on it."
        default: return "Months without days \(missing.map(String.init).listed()) have no run on them."
        }
    }

    private static func missingBeforeLast(_ expression: CronExpression) -> String? {
        let distances = expression.days.beforeLast | expression.days.nearestBeforeLast
        let farthest = 31 - distances.leadingZeroBitCount
        guard distances != 0, expression.shortestMonth <= farthest else { return nil }
        return "Months of \(farthest) days or fewer have no day that is \(farthest) before the last, and no run on it."
    }
}

extension CronDays {
    /// All days by number.
    fileprivate static let everyNumber: UInt32 = .max - 1
}

extension CronExpression {
    /// The days of the shortest month that matches, in a year without a leap day.
    fileprivate var shortestMonth: Int {
        (1...12).filter { months >> UInt16($0) & 1 != 0 }.map { CivilDate.length(ofMonth: $0, year: 2026) }.min() ?? 31
    }
}
