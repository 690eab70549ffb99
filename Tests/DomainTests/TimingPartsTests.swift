import Foundation
import Scheduling
import Testing

@testable import Domain

@Suite struct TimingPartsTests {
    private func fields(
        _ kind: ScheduleKind?, _ text: String?, zone: String? = nil, from: String? = nil, to: String? = nil
    ) -> [TimingFault.Field] {
        TimingParts(
            kind: kind, text: text, timezone: zone, startsAt: from.flatMap(ISO8601.parse),
            endsAt: to.flatMap(ISO8601.parse)
        ).faults.map(\.field)
    }

    @Test(arguments: ["61 * * * *", "1x", "tomorrow", "2026-13-01T00:00:00Z", "0 0 30 2 *"])
    func `a text that no kind can read is at fault`(text: String) {
        for kind in [nil, .cron, .interval, .once] as [ScheduleKind?] { #expect(fields(kind, text) == [.schedule]) }
    }

    @Test(arguments: [
        ("0 4 * * *", [ScheduleKind.cron, .once]), ("@daily", [.cron, .once]), ("1h30m", [.interval]),
        ("2026-03-01T02:30:00", [.once]),
    ])
    func `a text is judged by its kind, or by all of them`(text: String, kinds: [ScheduleKind]) {
        #expect(fields(nil, text).isEmpty)
        #expect(ScheduleKind.allCases.filter { fields($0, text).isEmpty } == kinds)
    }

    @Test func `every part is judged`() {
        let found = fields(
            .cron, "x", zone: "PST", from: "2031-01-01T00:00:00Z", to: "2030-01-01T00:00:00Z")
        #expect(found == [.schedule, .timezone, .endsAt])
        #expect(fields(nil, nil).isEmpty)
    }

    @Test func `bounds keep to the years 0001 to 9999 in their zone`() {
        let (first, last) = ("0001-01-01T00:00:00", "9999-12-31T23:59:59")
        #expect(fields(nil, nil, zone: "UTC", from: first, to: last).isEmpty)
        #expect(fields(nil, nil, from: first, to: last).isEmpty)
        #expect(fields(nil, nil, zone: "Asia/Tokyo", from: first, to: last) == [.startsAt])
        #expect(fields(nil, nil, zone: "America/Los_Angeles", from: last, to: last) == [.startsAt, .endsAt])
    }

    @Test func `bounds without an offset are judged once their zone is known`() {
        let (from, to) = ("2030-01-01T12:00:00", "2030-01-01T11:30:00Z")
        #expect(fields(nil, nil, from: from, to: to).isEmpty)
        #expect(fields(nil, nil, zone: "UTC", from: from, to: to) == [.endsAt])
        #expect(fields(nil, nil, zone: "Europe/Berlin", from: from, to: to).isEmpty)
        #expect(fields(nil, nil, zone: "PST", from: from, to: to) == [.timezone, .endsAt])
    }
}
