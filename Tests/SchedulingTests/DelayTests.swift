import Foundation
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

    @Test func `jitter is the same each time and stays before the following slot`() {
        let slot = Date(timeIntervalSince1970: 1_800_000_000)
        var seen: Set<Int> = []
        for number in 0..<2_000 {
            let identity = "task \(number)"
            let delay = Jitter.delay(identity: identity, slot: slot, longest: 300, following: slot + 60)
            #expect(delay == Jitter.delay(identity: identity, slot: slot, longest: 300, following: slot + 60))
            #expect((0...59).contains(delay))
            seen.insert(delay)
        }
        #expect(seen.count == 60)
        #expect(Jitter.delay(identity: "x", slot: slot, longest: 0, following: nil) == 0)
        #expect(Jitter.delay(identity: "x", slot: slot, longest: 10, following: slot + 1) == 0)
    }

    @Test func `jitter spreads the slots of one task evenly`() {
        var counts = [Int](repeating: 0, count: 11)
        for number in 0..<11_000 {
            let slot = Date(timeIntervalSince1970: 1_800_000_000 + Double(number) * 3_600)
            counts[Jitter.delay(identity: "a task", slot: slot, longest: 10, following: nil)] += 1
        }
        #expect(counts.allSatisfy { (850...1_150).contains($0) })
    }
}
