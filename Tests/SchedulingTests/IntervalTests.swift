import Foundation
import Testing

@testable import Scheduling

struct IntervalTests {
    @Test(arguments: [
        ("1s", 1), ("30s", 30), ("5m", 300), ("1h30m", 5_400), ("2h", 7_200), ("1d", 86_400), ("90m", 5_400),
        ("1w", 604_800), ("1w2d3h4m5s", 788_645), ("366d", 31_622_400), ("52w2d", 31_622_400), ("0h5m", 300),
        ("05m", 300), ("31622400s", 31_622_400),
    ])
    func `an interval is read in seconds`(_ text: String, _ seconds: Int) throws {
        #expect(try Interval(text).seconds == seconds)
    }

    @Test(arguments: [
        ("", "is empty"), ("0s", "shorter than one second"), ("0d0h", "shorter"), ("5", "number without a unit"),
        ("1h5", "number without a unit"), ("m", "unit without a number"), ("5mm", "unit without a number"),
        ("5m1h", "out of order"), ("5m5m", "twice"), ("1 h", "' '"), (" 1h", "' '"), ("1H", "'H'"), ("-5m", "'-'"),
        ("1.5h", "'.'"), ("367d", "longer than 366 days"), ("366d1s", "longer"), ("53w", "longer"),
        ("99999999999999999999999999w", "longer"), ("5y", "'y'"), ("5m\n", "'\\n'"), ("\u{665}m", "holds '\u{665}',"),
        ("\u{FF11}m", "interval: '\u{FF11}m' holds '\u{FF11}',"),
    ])
    func `a bad interval is refused in one line`(_ text: String, _ reason: String) throws {
        let error = try #require(throws: IntervalError.self) { try Interval(text) }
        #expect(error.description.hasPrefix("interval: '"))
        #expect(error.description.contains(reason))
        #expect(error.description.contains("; allowed: "))
        #expect(!error.description.contains("\n"))
    }

    @Test func `runs keep to the grid of their anchor`() throws {
        let interval = try Interval("1h")
        let anchor = Date(timeIntervalSince1970: 1_000_000.25)
        #expect(interval.next(after: anchor - 1e6, anchor: anchor) == anchor + 3_600)
        #expect(interval.next(after: anchor, anchor: anchor) == anchor + 3_600)
        #expect(interval.next(after: anchor + 3_599.5, anchor: anchor) == anchor + 3_600)
        #expect(interval.next(after: anchor + 3_600, anchor: anchor) == anchor + 7_200)
        #expect(interval.next(after: anchor + 36_000_001, anchor: anchor) == anchor + 36_003_600)
    }

    @Test func `a run that came back from a rounding store is not given twice`() throws {
        let interval = try Interval("7s")
        let anchor = Date(microseconds: 1_790_000_000_123_457)
        var last = anchor
        for step in 1...5_000 {
            let shaken =
                step % 2 == 0
                ? last.timeIntervalSinceReferenceDate.nextUp : last.timeIntervalSinceReferenceDate.nextDown
            last = interval.next(after: Date(timeIntervalSinceReferenceDate: shaken), anchor: anchor)
            try #require(last.microseconds == anchor.microseconds + step * 7_000_000)
        }
    }
}
