import Testing

@testable import Scheduling

struct DelayTests {
    @Test(arguments: [
        (Backoff.fixed, 1, 60, 60), (.fixed, 9, 60, 60), (.fixed, 3, 0, 0), (.exponential, 1, 60, 60),
        (.exponential, 2, 60, 120), (.exponential, 5, 60, 960), (.exponential, 11, 60, 61_440),
        (.exponential, 12, 60, 86_400), (.exponential, 18, 1, 86_400), (.exponential, 17, 1, 65_536),
        (.exponential, .max, 1, 86_400),
        (.exponential, 5, 0, 0), (.exponential, 2, 86_400, 86_400), (.exponential, 0, 5, 5),
    ])
    func `a failed attempt waits`(_ backoff: Backoff, _ failures: Int, _ base: Int, _ delay: Int) {
        #expect(backoff.delay(afterFailures: failures, base: base) == delay)
    }
}
