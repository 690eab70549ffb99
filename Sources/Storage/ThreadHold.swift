import Glibc

/// Blocks the thread until an instant.
func holdThread(until instant: ContinuousClock.Instant) {
    while true {
        let rest = instant - .now
        guard rest > .zero else { return }
        var time = timespec(
            tv_sec: Int(rest.components.seconds), tv_nsec: Int(rest.components.attoseconds / 1_000_000_000))
        nanosleep(&time, nil)
    }
}
