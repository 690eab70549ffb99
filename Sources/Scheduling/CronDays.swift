/// The dates of a cron expression: day of month and day of week together, answered a month at a time as bit sets.
struct CronDays: Sendable, Hashable {
    /// Bits 1…31: days by number.
    var numbered: UInt32 = 0
    /// Bits 1…31: the weekday nearest to that day (`nW`).
    var nearestWeekdays: UInt32 = 0
    /// Bits 0…30: so many days before the last (`L`, `L-n`).
    var beforeLast: UInt32 = 0
    /// Bits 0…30: the weekday nearest to the day so many before the last (`LW`, `L-nW`).
    var nearestBeforeLast: UInt32 = 0
    /// Bits 0…6: weekdays, Sunday being 0.
    var weekdays: UInt8 = 0
    /// Bits 0…6: the last such weekday of the month (`dL`).
    var lastWeekdays: UInt8 = 0
    /// Bits 7(n-1)…7(n-1)+6: the n-th such weekday of the month (`d#n`).
    var nthWeekdays: UInt64 = 0
    /// Whether a date must satisfy both fields, because one of them begins with `*` or `?`.
    var needsBoth = false

    /// The days of a month that match, as bits 1…31; `firstDay` is the day number of its first day.
    @inline(__always)
    func matching(month: Int, year: Int, firstDay: Int) -> UInt32 {
        let length = CivilDate.length(ofMonth: month, year: year)
        let existing = UInt32(truncatingIfNeeded: (2 << UInt64(length)) - 2)
        let weekday = CivilDate.weekday(firstDay)
        var byNumber = numbered
        if nearestWeekdays | beforeLast | nearestBeforeLast != 0 {
            byNumber |= special(length: length, firstWeekday: weekday)
        }
        var byWeekday = Self.everyWeek(weekdays, firstWeekday: weekday)
        if lastWeekdays != 0 {
            byWeekday |= Self.everyWeek(lastWeekdays, firstWeekday: weekday) & (existing << UInt32(length - 7))
        }
        if nthWeekdays != 0 { byWeekday |= nth(firstWeekday: weekday) }
        return (needsBoth ? byNumber & byWeekday : byNumber | byWeekday) & existing
    }

    /// Whether there is any date at all in these months (bits 1…12).
    func matchesSomeDate(in months: UInt16) -> Bool {
        // Every pairing of leap year and first weekday occurs in any 28 years between two skipped leap days.
        for year in 2000..<2028 {
            for month in 1...12 where months >> UInt16(month) & 1 != 0 {
                let firstDay = CivilDate(year: year, month: month, day: 1).dayNumber
                if matching(month: month, year: year, firstDay: firstDay) != 0 { return true }
            }
        }
        return false
    }

    /// Turns weekday bits so that bit 0 stands for the weekday on which the month begins.
    @inline(__always)
    private static func turned(_ weekdays: UInt64, firstWeekday: Int) -> UInt64 {
        (weekdays >> UInt64(firstWeekday) | weekdays << UInt64(7 - firstWeekday)) & 0x7F
    }

    /// The days of the month (bits 1…31, and beyond) that fall on these weekdays.
    @inline(__always)
    private static func everyWeek(_ weekdays: UInt8, firstWeekday: Int) -> UInt32 {
        // The factor repeats seven bits five times.
        let pattern = turned(UInt64(weekdays), firstWeekday: firstWeekday) * 0x1020_4081
        return UInt32(truncatingIfNeeded: pattern << 1)
    }

    private func nth(firstWeekday: Int) -> UInt32 {
        var days: UInt64 = 0
        for week in 0..<5 {
            let start = UInt64(week * 7)
            days |= Self.turned(nthWeekdays >> start & 0x7F, firstWeekday: firstWeekday) << start
        }
        return UInt32(truncatingIfNeeded: days << 1)
    }

    private func special(length: Int, firstWeekday: Int) -> UInt32 {
        var days: UInt32 = 0
        Self.forEach(beforeLast) { distance in
            if distance < length { days |= 1 << UInt32(length - distance) }
        }
        var nearest = nearestWeekdays
        Self.forEach(nearestBeforeLast) { distance in
            if distance < length { nearest |= 1 << UInt32(length - distance) }
        }
        Self.forEach(nearest) { day in
            guard day <= length else { return }
            days |= 1 << UInt32(Self.weekday(nearestTo: day, length: length, firstWeekday: firstWeekday))
        }
        return days
    }

    @inline(__always)
    private static func forEach(_ bits: UInt32, _ body: (Int) -> Void) {
        var rest = bits
        while rest != 0 {
            body(rest.trailingZeroBitCount)
            rest &= rest - 1
        }
    }

    /// The Monday-to-Friday day nearest to a day without leaving its month.
    private static func weekday(nearestTo number: Int, length: Int, firstWeekday: Int) -> Int {
        switch (firstWeekday + number - 1) % 7 {
        case 6: number > 1 ? number - 1 : number + 2
        case 0: number < length ? number + 1 : number - 2
        default: number
        }
    }
}
