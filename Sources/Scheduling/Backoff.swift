/// How long a failed attempt waits for the next one.
package enum Backoff: String, Sendable, CaseIterable {
    /// Always the base delay.
    case fixed
    /// The base delay, doubled after each further failure.
    case exponential

    /// Seconds to wait after the `n`-th failed attempt (n from 1), at most 86,400.
    package func delay(afterFailures n: Int, base: Int) -> Int {
        let longest = 86_400
        var delay = min(max(base, 0), longest)
        guard self == .exponential, delay > 0 else { return delay }
        // Eighteen doublings of one second pass the limit.
        for _ in 1..<min(max(n, 1), 19) {
            delay = min(delay * 2, longest)
        }
        return delay
    }
}
