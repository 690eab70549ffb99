import Glibc

/// An instant of CLOCK_BOOTTIME: nanoseconds since the machine started, suspended time included.
///
/// Comparable between the processes of one machine, meaningless on another one, and untouched by the system clock.
package struct BoottimeInstant: Sendable, Hashable, Comparable {
    /// Nanoseconds since the machine started.
    package let nanoseconds: Int64

    /// The present instant.
    package static var now: BoottimeInstant {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return BoottimeInstant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// Whether the left instant comes first.
    package static func < (left: BoottimeInstant, right: BoottimeInstant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The instant that lies the duration later; stops at the largest one instead of overflowing.
    package func advanced(by duration: Duration) -> BoottimeInstant {
        let (sum, overflows) = nanoseconds.addingReportingOverflow(duration.nanoseconds)
        return BoottimeInstant(nanoseconds: overflows ? .max : sum)
    }

    /// How far the other instant lies ahead; negative where it lies behind.
    package func duration(to other: BoottimeInstant) -> Duration {
        .nanoseconds(other.nanoseconds - nanoseconds)
    }
}

/// The instant from which on a run must no longer be alive unless its lease was renewed.
package struct LeaseDeadline: Sendable, Hashable {
    /// When the executor starts to end the run by itself.
    package let instant: BoottimeInstant

    /// The deadline of a lease of the given length that was asked for at the given instant.
    ///
    /// The caller takes its margin for killing off the length.
    package static func after(_ length: Duration, since asked: BoottimeInstant) -> LeaseDeadline {
        LeaseDeadline(instant: asked.advanced(by: length))
    }
}

extension Duration {
    /// The duration in whole nanoseconds; stops at the largest number (292 years).
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflows ? (seconds < 0 ? .min : .max) : whole + attoseconds / 1_000_000_000
    }
}
