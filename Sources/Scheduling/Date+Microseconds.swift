import Foundation

/// Instants are compared and computed in whole microseconds, the database's resolution: the same instant may reach us
/// as `Date`s that differ in the last bit, depending on the sums that made them.
extension Date {
    private static let referenceOffset = 978_307_200

    /// The years 0001 to 9999 in UTC, in microseconds since 1970: others have no form in RFC 3339.
    static let writtenYears = -62_135_596_800_000_000..<253_402_300_800_000_000

    /// The end of these years, in seconds since 2001.
    private static let endOfYears = 252_423_993_600.0

    /// Whether the instant can be written as RFC 3339 does: it lies in the years 0001 to 9999 in UTC.
    package var isWritable: Bool { Self.writtenYears.contains(microseconds) }

    /// Whether both are the same instant to the microsecond.
    package func isSameMicrosecond(as other: Date?) -> Bool { microseconds == other?.microseconds }

    /// Microseconds since 1970, rounded to the nearest; instants beyond ±126,000 years are clamped.
    package var microseconds: Int {
        let interval = timeIntervalSinceReferenceDate
        guard interval > -4e12 else { return -4_000_000_000_000_000_000 }
        guard interval < 4e12 else { return 4_000_000_000_000_000_000 }
        let whole = interval.rounded(.down)
        return (Int(whole) + Self.referenceOffset) * 1_000_000 + Int(((interval - whole) * 1_000_000).rounded())
    }

    /// The instant nearest to that many microseconds after 1970. In the year 9999 a `Date` is exact to 30 microseconds;
    /// none is rounded out of the years that can be written.
    package init(microseconds: Int) {
        let interval = Double(microseconds - Self.referenceOffset * 1_000_000) / 1_000_000
        let isRoundedOut = interval == Self.endOfYears && microseconds < Self.writtenYears.upperBound
        self.init(timeIntervalSinceReferenceDate: isRoundedOut ? interval.nextDown : interval)
    }

    /// The instant that many whole seconds after 1970.
    init(wholeSeconds: Int) {
        self.init(timeIntervalSinceReferenceDate: Double(wholeSeconds - Self.referenceOffset))
    }
}
