import Foundation
import Testing

@testable import Scheduling

extension Slots {
    fileprivate func latest(_ limit: Int, from: Date, through: Date) -> [Date] {
        latest(limit, from: from.microseconds, through: through.microseconds).map(Date.init(microseconds:))
    }
}

struct SlotsTests {
    private let base = Date(timeIntervalSince1970: 1_800_000_000)

    private func cron(_ text: String, _ zone: String = "UTC") throws -> Schedule {
        .cron(try CronExpression(text), try ZoneRules.named(zone), .standard)
    }

    @Test func `slots lie from starts_at to just before ends_at`() throws {
        let slots = Slots(schedule: try cron("* * * * *"), startsAt: base + 60, endsAt: base + 240)
        #expect(Array(slots.upcoming(after: base - 1e6)) == [base + 60, base + 120, base + 180])
        #expect(slots.first(after: base + 60) == base + 120)
        #expect(slots.first(after: base + 180) == nil)
        let later = Slots(schedule: try cron("* * * * *"), startsAt: base + 60.000_001)
        #expect(later.first(after: base - 1e6) == base + 120)
        let longer = Slots(schedule: try cron("* * * * *"), endsAt: base + 120.000_001)
        #expect(Array(longer.upcoming(after: base)) == [base + 60, base + 120])
    }

    @Test func `the anchor of an interval is a slot only where it says so`() throws {
        let interval = try Interval("90s")
        let with = Slots(schedule: .interval(interval, anchor: base, includesAnchor: true))
        let without = Slots(schedule: .interval(interval, anchor: base, includesAnchor: false))
        #expect(with.first(after: base - 1e6) == base)
        #expect(with.first(after: base) == base + 90)
        #expect(without.first(after: base - 1e6) == base + 90)
        #expect(with.latest(3, from: base - 1e6, through: base + 100) == [base, base + 90])
        #expect(without.latest(3, from: base - 1e6, through: base + 100) == [base + 90])
        #expect(without.latest(3, from: base, through: base + 89) == [])
    }

    @Test func `a once schedule has one slot`() {
        let slots = Slots(schedule: .once(base))
        #expect(slots.first(after: base - 1) == base)
        #expect(slots.first(after: base) == nil)
        #expect(slots.latest(5, from: base, through: base) == [base])
        #expect(slots.latest(5, from: base - 10, through: base - 1) == [])
        #expect(Slots(schedule: .once(base), endsAt: base).first(after: base - 1) == nil)
        #expect(Slots(schedule: .once(base), startsAt: base).first(after: base - 1) == base)
        #expect(Slots(schedule: .once(base), startsAt: base + 1).first(after: base - 1) == nil)
    }

    @Test func `the latest slots are the end of all slots`() throws {
        var source = SeededGenerator(seed: 21)
        let interval = try Interval("17m")
        var schedules: [Schedule] = [
            .once(base), .interval(interval, anchor: base - 86_400.5, includesAnchor: true),
            .interval(interval, anchor: base + 86_400, includesAnchor: false),
        ]
        for text in [
            "*/7 * * * *", "*/5 * * * * *", "0 3 * * *", "0 0 1 * *", "30 2 * 3 0L", "* 4 * * MON", "15,45 2 25 10 *",
            "* * 0 3 * *",
        ] {
            schedules.append(try cron(text, "Europe/Berlin"))
        }
        for schedule in schedules {
            for _ in 0..<12 {
                let from = base + Double(source.among(-200_000...200_000)) / 2
                let through = from + Double(source.among(0...300_000)) / 2
                let slots = Slots(
                    schedule: schedule, startsAt: source.chance(30) ? from + 1_000 : nil,
                    endsAt: source.chance(30) ? through - 500 : nil)
                let all = Array(slots.upcoming(after: from - 0.000_001).prefix { $0 <= through })
                for limit in [0, 1, 2, 10, 100, 100_000] {
                    try #require(slots.latest(limit, from: from, through: through) == all.suffix(limit))
                }
            }
        }
    }

    // Walking the window would take minutes even on a fast machine.
    @Test(
        .timeLimit(.minutes(1)),
        arguments: ["* * * * * *", "* * * 1 1 *", "0 0 29 2 *", "* * 3 * * MON#1", "0 0 1 1 *"])
    func `a long window costs no more than a short one`(_ text: String) throws {
        let slots = Slots(schedule: try cron(text, "America/New_York"))
        let from = Date(wholeSeconds: -2_000_000_000)
        let through = Date(wholeSeconds: 200_000_000_000)
        #expect(slots.latest(1_000, from: from, through: through).count == 1_000)
    }

    @Test func `slots rise and match their expression in every zone`() throws {
        var source = SeededGenerator(seed: 77)
        for name in ["Europe/Lisbon", "America/Havana", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia"] {
            let zone = try ZoneRules.named(name)
            for _ in 0..<40 {
                let written = WrittenExpression.random(withSeconds: source.chance(50), freeDates: 50, using: &source)
                guard let expression = try? CronExpression(written.text) else { continue }
                var last = source.among(-1_000_000_000...5_000_000_000)
                for _ in 0..<50 {
                    guard let slot = expression.next(after: last, in: zone, dst: .skip) else { break }
                    let face = SimulatedClock.Face(slot + zone.segment(at: slot).offset)
                    try #require(slot > last, "\(written.text) in \(name)")
                    let isMatch =
                        written.hours.contains(face.hour) && written.minutes.contains(face.minute)
                        && written.seconds.contains(face.second) && written.matches(SimulatedClock.page(face.day))
                    try #require(isMatch, "\(written.text) in \(name) at \(slot)")
                    last = slot
                }
            }
        }
    }

    @Test func `nothing comes after the year 9999`() throws {
        let expression = try CronExpression("59 59 23 31 12 *")
        let west = try ZoneRules.named("America/New_York")
        let last = try #require(ISO8601.parse("9999-12-30T00:00:00Z")?.resolved(in: .utc))
        let slot = try #require(expression.next(after: last, in: west))
        #expect(ISO8601.format(slot, in: west) == "9999-12-31T23:59:59-05:00")
        #expect(expression.next(after: slot, in: west) == nil)
        #expect(expression.next(after: .distantFuture + 1e15, in: west) == nil)
        #expect(expression.next(after: Date(timeIntervalSince1970: .infinity), in: .utc) == nil)
        let first = try #require(expression.next(after: Date(timeIntervalSince1970: -.infinity), in: .utc))
        #expect(ISO8601.format(first) == "0001-12-31T23:59:59Z")
        #expect(try CronExpression("0 0 1 1 *").next(after: last, in: west) == nil)
    }

    @Test(arguments: [
        ("Europe/Berlin", "30 2 * * *", DSTPolicy.standard, "2027-03-27T12:00:00Z", ["2027-03-28T03:00:00+02:00"]),
        ("Europe/Berlin", "30 2 * * *", .skip, "2027-03-27T12:00:00Z", ["2027-03-29T02:30:00+02:00"]),
        ("Europe/Berlin", "30 2 * * *", .twice, "2027-03-27T12:00:00Z", ["2027-03-28T03:00:00+02:00"]),
        (
            "Europe/Berlin", "30 2 * * *", .standard, "2027-10-30T12:00:00Z",
            ["2027-10-31T02:30:00+02:00", "2027-11-01T02:30:00+01:00"]
        ),
        (
            "Europe/Berlin", "30 2 * * *", .twice, "2027-10-30T12:00:00Z",
            ["2027-10-31T02:30:00+02:00", "2027-10-31T02:30:00+01:00"]
        ),
        (
            "Europe/Berlin", "*/30 2 * * *", .standard, "2027-10-30T12:00:00Z",
            ["2027-10-31T02:00:00+02:00", "2027-10-31T02:30:00+02:00", "2027-10-31T02:00:00+01:00"]
        ),
        (
            "Europe/Berlin", "*/30 2 * * *", .once, "2027-10-30T12:00:00Z",
            ["2027-10-31T02:00:00+02:00", "2027-10-31T02:30:00+02:00", "2027-11-01T02:00:00+01:00"]
        ),
        ("Australia/Lord_Howe", "15 2 * * *", .standard, "2027-10-02T00:00:00Z", ["2027-10-03T02:30:00+11:00"]),
        ("Australia/Lord_Howe", "15 2 * * *", .skip, "2027-10-02T00:00:00Z", ["2027-10-04T02:15:00+11:00"]),
        (
            "Australia/Lord_Howe", "45 1 * * *", .twice, "2027-04-03T00:00:00Z",
            ["2027-04-04T01:45:00+11:00", "2027-04-04T01:45:00+10:30"]
        ),
        ("America/Havana", "0 0 * * *", .standard, "2027-03-13T12:00:00Z", ["2027-03-14T01:00:00-04:00"]),
        ("America/Havana", "0 0 * * *", .skip, "2027-03-13T12:00:00Z", ["2027-03-15T00:00:00-04:00"]),
        ("Pacific/Apia", "30 2 * * *", .skip, "2011-12-29T20:00:00Z", ["2011-12-31T02:30:00+14:00"]),
    ])
    func `each policy at both changes of the clock`(
        _ name: String, _ text: String, _ policy: DSTPolicy, _ from: String, _ expected: [String]
    ) throws {
        let zone = try ZoneRules.named(name)
        let slots = Slots(schedule: .cron(try CronExpression(text), zone, policy))
        let start = try #require(ISO8601.parse(from)?.resolved(in: .utc))
        #expect(
            slots.upcoming(after: start).prefix(expected.count).map { ISO8601.format($0, in: zone) } == expected)
    }

    @Test func `slots end with the year 9999 in UTC, whatever the schedule and the zone`() throws {
        let last = try #require(ISO8601.parse("9999-12-31T00:00:00Z")?.resolved(in: .utc))
        let west = Slots(schedule: try cron("0 20 * * *", "America/Los_Angeles"))
        #expect(Array(west.upcoming(after: last)).map { ISO8601.format($0) } == ["9999-12-31T04:00:00Z"])
        let hours = Slots(schedule: .interval(try Interval("8h"), anchor: last, includesAnchor: true))
        #expect(Array(hours.upcoming(after: last)) == [last + 8 * 3_600, last + 16 * 3_600])
        #expect(hours.latest(2, from: last, through: .distantFuture + 1e12) == [last + 8 * 3_600, last + 16 * 3_600])
        #expect(
            Slots(schedule: .interval(try Interval("366d"), anchor: last, includesAnchor: false)).first(after: last)
                == nil)
        #expect(Slots(schedule: .once(last + 86_400), endsAt: last + 1e6).first(after: last) == nil)
        let first = Date(timeIntervalSince1970: -62_135_596_800)
        let early = Slots(schedule: .interval(try Interval("1d"), anchor: first - 864_000, includesAnchor: true))
        #expect(early.first(after: first - 1e9) == first)
    }

    @Test func `an instant is a slot to the microsecond`() throws {
        let ancient = Date(timeIntervalSince1970: -46_388_646_000.2)
        let slots = Slots(schedule: .once(Date(microseconds: ancient.microseconds)))
        #expect(slots.contains(ancient) && !slots.contains(ancient + 1))
        #expect(try Slots(schedule: cron("* * * * *")).contains(base + 60))
    }
}
