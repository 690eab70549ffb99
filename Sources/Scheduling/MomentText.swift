import Foundation

/// A date and time as it was written: with an offset an instant, without one a time on a clock still to be named.
package enum MomentText: Sendable, Equatable {
    case instant(Date)
    case local(LocalTime)

    /// The instant meant; a time without offset is read in that zone, in a gap as its end, repeated as the first pass.
    /// Nil where that leads out of the years 0001 to 9999 in UTC.
    package func resolved(in zone: ZoneRules) -> Date? {
        let instant =
            switch self {
            case .instant(let date): date
            case .local(let time): time.instant(in: zone)
            }
        return instant.isWritable ? instant : nil
    }
}
