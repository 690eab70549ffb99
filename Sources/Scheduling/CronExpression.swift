import Foundation

/// A cron expression, read once into bit sets: five fields, six with seconds first, or a macro.
///
/// The dialect: lists, ranges that may wrap, steps, names, `L`, `W`, `#`; a date must match both day fields if one of
/// them begins with `*` or `?`, otherwise either.
package struct CronExpression: Sendable, Hashable {
    let seconds: UInt64
    let minutes: UInt64
    let hours: UInt64
    let months: UInt16
    let days: CronDays
    /// Whether seconds, minutes and hours are written with numbers and commas only: such times are meant once.
    let namesTimesSingly: Bool
    /// The first time of day that matches, in seconds.
    private let firstTime: Int

    /// 10000-01-01T00:00:00 local time, in seconds since 1970: no run is given from there on.
    private static let endOfTime = 253_402_300_800
    /// 0001-01-01T00:00:00 local time: no run is given before, either.
    private static let beginningOfTime = -62_135_596_800

    /// A change of offset farther than this from what has been searched and from what was found alters neither.
    private static let reach = 2 * CivilDate.secondsPerDay

    init(
        seconds: UInt64, minutes: UInt64, hours: UInt64, months: UInt16, days: CronDays, namesTimesSingly: Bool
    ) {
        self.seconds = seconds
        self.minutes = minutes
        self.hours = hours
        self.months = months
        self.days = days
        self.namesTimesSingly = namesTimesSingly
        firstTime =
            hours.trailingZeroBitCount * 3_600 + minutes.trailingZeroBitCount * 60 + seconds.trailingZeroBitCount
    }

    /// The first run strictly after an instant, in whole seconds; nil if it would lie past the year 9999.
    package func next(after instant: Date, in zone: ZoneRules, dst: DSTPolicy = .standard) -> Date? {
        // Compared by microseconds, an instant a rounding error below a whole second counts as that second.
        next(after: CivilDate.floorDivide(instant.microseconds, by: 1_000_000), in: zone, dst: dst)
            .map(Date.init(wholeSeconds:))
    }

    /// Whether local times that come twice run only the first time.
    func runsInFirstPassOnly(_ dst: DSTPolicy) -> Bool {
        dst == .once || (dst != .twice && namesTimesSingly)
    }

    /// Whether every hour of the day has its runs: such a schedule does not make up for skipped ones.
    var coversAllHours: Bool { hours == CronField.hour.everything }

    /// `next` in whole seconds since 1970.
    ///
    /// The search runs along the local clock and crosses from one stretch of constant offset to the next; what it
    /// has searched without finding anything is not searched again.
    func next(after second: Int, in zone: ZoneRules, dst: DSTPolicy) -> Int? {
        let firstPassOnly = runsInFirstPassOnly(dst)
        let runsAfterGaps = dst != .skip && !coversAllHours
        // Far questions are moved near, so that the sums stay small.
        let second = min(max(second, Self.beginningOfTime - 2 * CivilDate.secondsPerDay), Self.endOfTime * 2)
        var segment = zone.segment(at: second)
        var searched = max(second + 1 + segment.offset, Self.beginningOfTime)
        if firstPassOnly { searched = max(searched, segment.freshFrom) }
        var match = firstMatch(from: searched)
        while match - segment.offset >= segment.end {
            if segment.end - searched > Self.reach, match - segment.end > 2 * Self.reach {
                segment = zone.segment(at: match - Self.reach)
                guard match - segment.offset >= segment.end else { break }
            }
            let before = segment.offset
            segment = zone.segment(at: segment.end)
            let begin = segment.start + segment.offset
            if segment.offset > before {
                if match < segment.freshFrom {
                    searched = segment.freshFrom
                    match = firstMatch(from: searched)
                }
                if match < begin, runsAfterGaps { return segment.start }
            }
            let resumed = firstPassOnly ? max(begin, segment.freshFrom) : begin
            if resumed < searched || match < resumed {
                searched = resumed
                match = firstMatch(from: resumed)
            }
        }
        return match < Self.endOfTime ? match - segment.offset : nil
    }

    /// The first matching local time at or after one, in seconds since 1970; `endOfTime` if there is none.
    @inline(__always)
    func firstMatch(from local: Int) -> Int {
        guard local < Self.endOfTime else { return Self.endOfTime }
        let dayNumber = CivilDate.floorDivide(local, by: CivilDate.secondsPerDay)
        let date = CivilDate(dayNumber: dayNumber)
        var remaining: UInt32 = 0
        if months >> UInt16(date.month) & 1 != 0 {
            let firstDay = dayNumber - date.day + 1
            let matching = days.matching(month: date.month, year: date.year, firstDay: firstDay)
            if matching >> UInt32(date.day) & 1 != 0 {
                let midnight = dayNumber * CivilDate.secondsPerDay
                if let time = firstTime(from: local - midnight) { return midnight + time }
            }
            remaining = matching & (UInt32.max - 1) << UInt32(date.day)
            if remaining != 0 { return start(ofDay: firstDay - 1 + remaining.trailingZeroBitCount) }
        }
        return firstMatch(afterMonth: date.month, year: date.year)
    }

    private func firstMatch(afterMonth: Int, year: Int) -> Int {
        var month = afterMonth
        var year = year
        while true {
            let later = months & (UInt16.max - 1) << UInt16(month)
            if later == 0 { year += 1 }
            guard year <= 9999 else { return Self.endOfTime }
            month = (later == 0 ? months : later).trailingZeroBitCount
            let firstDay = CivilDate(year: year, month: month, day: 1).dayNumber
            let matching = days.matching(month: month, year: year, firstDay: firstDay)
            if matching != 0 { return start(ofDay: firstDay - 1 + matching.trailingZeroBitCount) }
        }
    }

    @inline(__always)
    private func start(ofDay dayNumber: Int) -> Int {
        dayNumber * CivilDate.secondsPerDay + firstTime
    }

    /// The first matching time of day at or after one, in seconds.
    @inline(__always)
    private func firstTime(from time: Int) -> Int? {
        guard time > firstTime else { return firstTime }
        let hour = time / 3_600
        let minute = time / 60 % 60
        if hours >> UInt64(hour) & 1 != 0 {
            if minutes >> UInt64(minute) & 1 != 0 {
                let left = seconds & UInt64.max << UInt64(time % 60)
                if left != 0 { return hour * 3_600 + minute * 60 + left.trailingZeroBitCount }
            }
            let left = minutes & (UInt64.max - 1) << UInt64(minute)
            if left != 0 {
                return hour * 3_600 + left.trailingZeroBitCount * 60 + seconds.trailingZeroBitCount
            }
        }
        let left = hours & (UInt64.max - 1) << UInt64(hour)
        guard left != 0 else { return nil }
        return left.trailingZeroBitCount * 3_600 + minutes.trailingZeroBitCount * 60 + seconds.trailingZeroBitCount
    }
}
