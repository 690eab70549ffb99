import Foundation

/// A date and time of day on some zone's clock; years 0001 to 9999, a real calendar date.
package struct LocalTime: Sendable, Hashable {
    package let year: Int
    package let month: Int
    package let day: Int
    package let hour: Int
    package let minute: Int
    package let second: Int
    /// The fraction of the second, in nanoseconds; instants keep its microseconds.
    package let nanosecond: Int

    /// Nil unless the clock of some place could show it; there are no leap seconds.
    package init?(
        year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0, nanosecond: Int = 0
    ) {
        guard (1...9999).contains(year), (1...12).contains(month), (0...23).contains(hour), (0...59).contains(minute),
            (0...59).contains(second), (0...999_999_999).contains(nanosecond), day >= 1,
            day <= CivilDate.length(ofMonth: month, year: year)
        else { return nil }
        (self.year, self.month, self.day) = (year, month, day)
        (self.hour, self.minute, self.second, self.nanosecond) = (hour, minute, second, nanosecond)
    }

    /// The instant at which the zone's clock shows this: the first pass where it shows it twice, the end of the gap
    /// where it skips it. In the first and last hours of the years it may lie outside of them in UTC.
    package func instant(in zone: ZoneRules) -> Date {
        let local = secondsSince1970
        let second = zone.second(ofLocal: local)
        // A gap ends on a whole second: the fraction is skipped with the rest.
        let isSkipped = second + zone.segment(at: second).offset != local
        return Date(microseconds: second * 1_000_000 + (isSkipped ? 0 : nanosecond / 1_000))
    }

    /// The instant of this time on a clock that many seconds east of Greenwich.
    func instant(utcOffset: Int) -> Date {
        Date(microseconds: (secondsSince1970 - utcOffset) * 1_000_000 + nanosecond / 1_000)
    }

    private var secondsSince1970: Int {
        CivilDate(year: year, month: month, day: day).dayNumber * CivilDate.secondsPerDay + hour * 3_600 + minute * 60
            + second
    }
}
