import Foundation
import Scheduling
import Testing

@testable import Domain

@Suite struct TaskTimingTests {
    private let now = Date(timeIntervalSince1970: 1_700_000_000)

    private func read(
        _ kind: ScheduleKind, _ text: String, zone: String = "UTC", from: Date? = nil, to: Date? = nil
    ) throws(TimingFault) -> TaskTiming {
        try TaskTiming.read(kind: kind, text: text, timezone: zone, startsAt: from, endsAt: to, at: now)
    }

    private func slots(_ timing: TaskTiming, _ count: Int, after instant: Date? = nil) throws -> [Double] {
        try timing.slots().upcoming(after: instant ?? now).prefix(count).map { $0.timeIntervalSince(now) }
    }

    @Test func `a cron line keeps its text and has neither anchor nor instant`() throws {
        let timing = try read(.cron, "@hourly", zone: "Europe/Berlin")
        #expect(timing.text == "@hourly" && timing.timezone == "Europe/Berlin")
        #expect(timing.anchor == nil && timing.onceAt == nil)
        #expect(try slots(timing, 2) == [2_800, 6_400])
    }

    @Test func `an interval is anchored at its start, which is then a slot, else at now, which is none`() throws {
        let free = try read(.interval, "10m")
        #expect(free.anchor == now)
        #expect(try slots(free, 2, after: now.addingTimeInterval(-1)) == [600, 1_200])
        let start = now.addingTimeInterval(100)
        let bound = try read(.interval, "10m", from: start)
        #expect(bound.anchor == start)
        #expect(try slots(bound, 2) == [100, 700])
        #expect(try slots(try read(.interval, "10m", from: start, to: start.addingTimeInterval(600)), 5) == [100])
    }

    @Test(arguments: [
        ("2023-11-14T22:13:25Z", "UTC", 5.0), ("2023-11-14T23:13:25+01:00", "Asia/Tokyo", 5),
        ("2023-11-14T23:13:25", "Europe/Berlin", 5), ("2023-11-14T22:13:20.5Z", "UTC", 0.5),
        ("2023-11-14T22:00:00Z", "UTC", -800), ("0 23 * * *", "UTC", 2_800), ("0 23 * * *", "Europe/Berlin", 85_600),
    ])
    func `a once time is an instant, a local time, or a cron line's next match`(
        text: String, zone: String, seconds: Double
    ) throws {
        let timing = try read(.once, text, zone: zone)
        #expect(try #require(timing.onceAt).timeIntervalSince(now) == seconds)
        #expect(try slots(timing, 2) == (seconds > 0 ? [seconds] : []))
    }

    @Test(arguments: [
        (ScheduleKind.cron, "* * *", "UTC", TimingFault.Field.schedule), (.cron, "0 0 31 6 *", "UTC", .schedule),
        (.interval, "", "UTC", .schedule), (.interval, "1h 30m", "UTC", .schedule), (.once, "", "UTC", .schedule),
        (.once, "2023-02-29T00:00:00Z", "UTC", .schedule), (.once, "0 0 31 6 *", "UTC", .schedule),
        (.cron, "* * * * *", "Nowhere/Land", .timezone), (.interval, "1h", "", .timezone),
        (.once, "x", "../UTC", .timezone),
    ])
    func `what cannot be read names its field`(
        kind: ScheduleKind, text: String, zone: String, field: TimingFault.Field
    ) {
        let error = #expect(throws: TimingFault.self) { try read(kind, text, zone: zone) }
        #expect(error?.field == field && error?.reason.isEmpty == false)
    }

    @Test func `a once time keeps to the years 0001 to 9999`() throws {
        for (text, zone) in [("9999-12-31T23:59:59", "America/Los_Angeles"), ("0001-01-01T00:00:00", "Asia/Tokyo")] {
            let error = #expect(throws: TimingFault.self) { try read(.once, text, zone: zone) }
            #expect(error?.field == .schedule)
        }
        let end = try #require(ISO8601.parse("9999-12-31T05:00:00Z")?.resolved(in: .utc))
        #expect(throws: TimingFault.self) {
            try TaskTiming.read(
                kind: .once, text: "0 20 * * *", timezone: "America/Los_Angeles", startsAt: nil, endsAt: nil, at: end)
        }
    }

    @Test(arguments: ["0500-01-01T00:00:00.1Z", "0500-06-01T12:34:56.789012Z", "0001-01-01T00:00:00.000001Z"])
    func `a once time of long ago is due at once, whatever its fraction`(text: String) throws {
        let timing = try read(.once, text)
        #expect(try timing.firstSlot(isNew: true, at: now) == timing.onceAt && timing.onceAt != nil)
        #expect(try timing.firstSlot(isNew: false, at: now) == nil)
        #expect(throws: Never.self) { try timing.checkFires(at: now) }
    }

    @Test func `an end must come after its start`() {
        for end in [now, now.addingTimeInterval(-1)] {
            let error = #expect(throws: TimingFault.self) { try read(.cron, "@daily", from: now, to: end) }
            #expect(error?.field == .endsAt)
        }
        #expect(throws: Never.self) { try read(.cron, "@daily", from: now, to: now.addingTimeInterval(1)) }
    }

    @Test func `what looks like a date is answered as one`() {
        let date = #expect(throws: TimingFault.self) { try read(.once, "2023-11-14T25:00:00Z") }
        #expect(date?.reason.contains("RFC 3339") == true && date?.reason.contains("cron") == false)
        let line = #expect(throws: TimingFault.self) { try read(.once, "61 * * * *") }
        #expect(line?.reason.contains("cron") == true)
    }

    @Test func `a stored timing that lost its anchor or instant cannot be used`() {
        for kind in [ScheduleKind.interval, .once] {
            let timing = TaskTiming(
                kind: kind, text: "1h", timezone: "UTC", startsAt: nil, endsAt: nil, anchor: nil, onceAt: nil)
            #expect(throws: TimingFault.self) { try timing.slots() }
        }
    }
}
