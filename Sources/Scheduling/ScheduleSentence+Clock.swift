import Foundation

extension Schedule {
    /// The schedule as one English sentence without its full stop, with the changes of the clock that it meets next
    /// after `from`, through `through`: `At 02:30 every day, Europe/Berlin; on 2027-03-28 the time does not exist: runs
    /// at 03:00`.
    package func sentence(from: Date, through: Date) -> String {
        guard case .cron(let expression, let zone, let dst) = self else { return sentence }
        let (gap, fold) = ClockChange.first(of: zone, from: from, through: through, expression)
        let changes = [gap, fold].compactMap { $0 }.sorted { $0.instant < $1.instant }
        let clauses = changes.map { $0.clause(expression, zone, dst) }
        return ([sentence] + clauses).joined(separator: "; ")
    }
}

extension ClockChange {
    /// What the change makes of the schedule's runs: `on 2027-03-28 the time does not exist: runs at 03:00`.
    fileprivate func clause(_ expression: CronExpression, _ zone: ZoneRules, _ dst: DSTPolicy) -> String {
        let isSingle = expression.hasOneTime
        let subject =
            isSingle ? "the time" : "the times from \(Self.time(times.lowerBound)) until \(Self.time(times.upperBound))"
        let verb =
            switch kind {
            case .skips: isSingle ? "does not exist" : "do not exist"
            case .repeats: isSingle ? "comes twice" : "come twice"
            }
        return "on \(Self.date(firstMatch)) \(subject) \(verb): \(effect(expression, zone, dst))"
    }

    private func effect(_ expression: CronExpression, _ zone: ZoneRules, _ dst: DSTPolicy) -> String {
        switch kind {
        case .repeats:
            return expression.runsInFirstPassOnly(dst) ? "runs the first time only" : "runs both times"
        case .skips where dst == .skip:
            return expression.hasOneTime ? "does not run" : "does not run at them"
        case .skips where expression.coversAllHours:
            guard let next = expression.next(after: instant - 1, in: zone, dst: dst) else {
                return "does not run again"
            }
            return "goes on at \(moment(next + zone.segment(at: next).offset))"
        case .skips:
            return "runs at \(moment(times.upperBound))"
        }
    }

    /// A local time, with its date where that is not the one spoken of.
    private func moment(_ local: Int) -> String {
        let date = Self.date(local)
        return date == Self.date(firstMatch) ? Self.time(local) : "\(date) \(Self.time(local))"
    }

    private static func date(_ local: Int) -> String {
        String(written(local).prefix(10))
    }

    private static func time(_ local: Int) -> String {
        let time = written(local).dropFirst(11).dropLast()
        return String(time.hasSuffix(":00") ? time.dropLast(3) : time)
    }

    private static func written(_ local: Int) -> String {
        ISO8601.format(Date(wholeSeconds: local))
    }
}

extension CronExpression {
    fileprivate var hasOneTime: Bool {
        hours.nonzeroBitCount == 1 && minutes.nonzeroBitCount == 1 && seconds.nonzeroBitCount == 1
    }
}
