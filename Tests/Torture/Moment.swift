import Glibc

/// Instants of CLOCK_BOOTTIME, as the ledger has them.
enum Moment {
    /// Nanoseconds since the machine started.
    static var now: UInt64 { nanoseconds(of: CLOCK_BOOTTIME) }

    fileprivate static func nanoseconds(of clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

/// What the database's clock showed at the instants of the ledger.
struct ClockHistory: Sendable {
    private let start: UInt64
    private let steps: [(since: UInt64, offset: Double)]

    init(steps: [(since: UInt64, offset: Double)]) {
        self.init(start: Moment.nanoseconds(of: CLOCK_REALTIME) - Moment.now, steps: steps)
    }

    /// - Parameter start: when the machine started, in nanoseconds since 1970.
    init(start: UInt64, steps: [(since: UInt64, offset: Double)]) {
        self.start = start
        self.steps = steps
    }

    /// From this time on, in microseconds since 1970, the clock never went back.
    var steadySince: Int {
        var highest = 0
        var before = 0.0
        for step in steps {
            if step.offset < before {
                highest = max(highest, Int((start + step.since) / 1_000) + Int(before * 1_000_000))
            }
            before = step.offset
        }
        return highest
    }

    /// Microseconds since 1970.
    func databaseTime(at instant: UInt64) -> Int {
        let offset = steps.last { $0.since <= instant }?.offset ?? 0
        return Int((start + instant) / 1_000) + Int(offset * 1_000_000)
    }
}
