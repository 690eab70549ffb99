import Foundation
import Testing

@testable import Scheduling

struct JitterTests {
    private let base = Date(timeIntervalSince1970: 1_800_000_000)

    private func delays(_ text: String, seconds: Int, task: UUID) throws -> [(slot: Date, start: Date)] {
        let slots = Slots(schedule: .cron(try CronExpression(text), .utc, .standard))
        let jitter = Jitter(seconds: seconds, task: task)
        return slots.upcoming(after: base).prefix(500).map { (slot: $0, start: jitter.start(of: $0, in: slots)) }
    }

    @Test(arguments: [1, 30, 60, 300, 86_400])
    func `a start lies within the jitter and before the following slot`(seconds: Int) throws {
        let found = try delays("* * * * *", seconds: seconds, task: UUID())
        for (slot, start) in found {
            #expect(start >= slot && start < slot + Double(min(seconds, 60)))
        }
        let offsets = found.map { $0.start.timeIntervalSince($0.slot) / Double(min(seconds, 60)) }
        #expect(offsets.count { $0 < 0.25 } > 75 && offsets.count { $0 > 0.75 } > 75, "they spread over all of it")
    }

    @Test func `the delay is fixed by task and slot`() throws {
        let task = try #require(UUID(uuidString: "0198d3a5-64c2-7b1f-8f00-c0ffee000001"))
        let first = try delays("*/10 * * * *", seconds: 300, task: task).map(\.start)
        #expect(try delays("*/10 * * * *", seconds: 300, task: task).map(\.start) == first)
        #expect(try delays("*/10 * * * *", seconds: 300, task: UUID()).map(\.start) != first)
        // By the numbers, so that servers of all versions agree.
        let known = (first.first?.microseconds ?? 0) - base.microseconds - 600_000_000
        #expect(known == 261_663_962)
    }

    @Test func `a last slot is delayed too, and without jitter none is`() throws {
        let once = Slots(schedule: .once(base))
        let starts = Set((0..<50).map { _ in Jitter(seconds: 100, task: UUID()).start(of: base, in: once) })
        #expect(starts.count > 40 && starts.allSatisfy { $0 >= base && $0 < base + 100 })
        #expect(Jitter(seconds: 0, task: UUID()).start(of: base, in: once) == base)
    }
}
