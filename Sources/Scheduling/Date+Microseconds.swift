import Foundation

/// Instants are compared and computed in whole microseconds, the database's resolution: the same instant may reach us
/// as `Date`s that differ in the last bit, depending on the sums that made them.
extension Date {
    private static let referenceOffset = 978_307_200

    /// Microseconds since 1970, rounded to the nearest; instants beyond ±126,000 years are clamped.
    var microseconds: Int {
        let interval = timeIntervalSinceReferenceDate
        guard interval > -4e12 else { return -4_000_000_000_000_000_000 }
        guard interval < 4e12 else { return 4_000_000_000_000_000_000 }
        let whole = interval.rounded(.down)
        return (Int(whole) + Self.referenceOffset) * 1_000_000 + Int(((interval - whole) * 1_000_000).rounded())
    }

    /// The instant nearest to that many microseconds after 1970.
    init(microseconds: Int) {
        self.init(
            timeIntervalSinceReferenceDate: Double(microseconds - Self.referenceOffset * 1_000_000) / 1_000_000)
    }

    /// The instant that many whole seconds after 1970.
    init(wholeSeconds: Int) {
        self.init(timeIntervalSinceReferenceDate: Double(wholeSeconds - Self.referenceOffset))
    }
}
