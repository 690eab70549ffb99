/// The rule for the future at the end of a zone file: a POSIX `TZ` string with the extensions of RFC 9636.
struct PosixRule: Sendable, Equatable {
    /// When in each year the clock changes, in local time before the change.
    struct Change: Sendable, Equatable {
        enum Day: Sendable, Equatable {
            /// Day 1 to 365; 29 February is never counted.
            case julian(Int)
            /// Day 0 to 365; 29 February counts.
            case ordinal(Int)
            /// The week-th weekday of a month, week 5 being the last.
            case weekday(month: Int, week: Int, weekday: Int)
        }

        let day: Day
        /// Seconds after midnight, between -167 and 167 hours.
        let time: Int

        /// The change in one year, in local seconds since 1970.
        func second(in year: Int) -> Int {
            dayNumber(in: year) * CivilDate.secondsPerDay + time
        }

        private func dayNumber(in year: Int) -> Int {
            let newYear = CivilDate(year: year, month: 1, day: 1).dayNumber
            switch day {
            case .julian(let day): return newYear + day - (CivilDate.isLeap(year) && day >= 60 ? 0 : 1)
            case .ordinal(let day): return newYear + day
            case .weekday(let month, let week, let weekday):
                let first = CivilDate(year: year, month: month, day: 1).dayNumber
                let day = (weekday - CivilDate.weekday(first) + 7) % 7 + (week - 1) * 7
                return first + (day < CivilDate.length(ofMonth: month, year: year) ? day : day - 7)
            }
        }
    }

    struct Saving: Sendable, Equatable {
        let offset: Int
        let start: Change
        let end: Change
    }

    /// Seconds east of Greenwich in standard time.
    let offset: Int
    let saving: Saving?

    /// Reads the text between the newlines of a zone file's footer; nil if it breaks the grammar.
    init?(_ text: some Collection<UInt8>) {
        var reader = PosixRuleReader(text)
        guard reader.skipName(), let standard = reader.offset() else { return nil }
        offset = -standard
        if reader.isAtEnd {
            saving = nil
            return
        }
        guard reader.skipName() else { return nil }
        var ahead = -standard + 3_600
        if !reader.isNext(",") {
            guard let stated = reader.offset() else { return nil }
            ahead = -stated
        }
        guard reader.take(","), let start = reader.change(), reader.take(","), let end = reader.change(),
            reader.isAtEnd
        else { return nil }
        saving = Saving(offset: ahead, start: start, end: end)
    }
}

/// Takes the parts of a rule from its text, one after the other.
private struct PosixRuleReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: some Collection<UInt8>) {
        bytes = [UInt8](text)
    }

    var isAtEnd: Bool { position == bytes.count }

    func isNext(_ character: Unicode.Scalar) -> Bool {
        position < bytes.count && bytes[position] == UInt8(ascii: character)
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard isNext(character) else { return false }
        position += 1
        return true
    }

    /// `CET`, or anything between angle brackets.
    mutating func skipName() -> Bool {
        let start = position
        if take("<") {
            while !isAtEnd, !isNext(">") { position += 1 }
            return take(">")
        }
        while !isAtEnd, (bytes[position] | 0x20) >= UInt8(ascii: "a"), (bytes[position] | 0x20) <= UInt8(ascii: "z") {
            position += 1
        }
        return position > start
    }

    private mutating func number() -> Int? {
        var value: Int?
        while !isAtEnd, (0x30...0x39).contains(bytes[position]), (value ?? 0) < 1_000 {
            value = (value ?? 0) * 10 + Int(bytes[position] - 0x30)
            position += 1
        }
        return value
    }

    /// `[+-]h[hh][:mm[:ss]]` in seconds.
    mutating func offset() -> Int? {
        let sign = take("-") ? -1 : 1
        if sign == 1 { _ = take("+") }
        guard var seconds = number().map({ $0 * 3_600 }) else { return nil }
        for unit in [60, 1] where take(":") {
            guard let part = number() else { return nil }
            seconds += part * unit
        }
        return sign * seconds
    }

    mutating func change() -> PosixRule.Change? {
        guard let day = day() else { return nil }
        guard take("/") else { return PosixRule.Change(day: day, time: 2 * 3_600) }
        return offset().map { PosixRule.Change(day: day, time: $0) }
    }

    private mutating func day() -> PosixRule.Change.Day? {
        if take("J") {
            guard let day = number(), (1...365).contains(day) else { return nil }
            return .julian(day)
        }
        guard take("M") else {
            guard let day = number(), day <= 365 else { return nil }
            return .ordinal(day)
        }
        guard let month = number(), take("."), let week = number(), take("."), let weekday = number(),
            (1...12).contains(month), (1...5).contains(week), (0...6).contains(weekday)
        else { return nil }
        return .weekday(month: month, week: week, weekday: weekday)
    }
}
