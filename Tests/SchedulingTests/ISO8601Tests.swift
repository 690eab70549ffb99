import Foundation
import Testing

@testable import Scheduling

struct ISO8601Tests {
    @Test(arguments: [
        (0.0, "1970-01-01T00:00:00Z"), (0.5, "1970-01-01T00:00:00.500000Z"), (-0.5, "1969-12-31T23:59:59.500000Z"),
        (1_772_934_600.000_001, "2026-03-08T01:50:00.000001Z"), (253_402_300_799, "9999-12-31T23:59:59Z"),
        (-62_135_596_800, "0001-01-01T00:00:00Z"), (951_782_400, "2000-02-29T00:00:00Z"),
        (1.999_999_9, "1970-01-01T00:00:02Z"),
    ])
    func `an instant is written in UTC`(_ seconds: Double, _ text: String) {
        #expect(ISO8601.format(Date(timeIntervalSince1970: seconds)) == text)
    }

    @Test(arguments: [
        ("UTC", 1_772_934_600.0, "2026-03-08T01:50:00+00:00"), ("Asia/Kathmandu", 0.9, "1970-01-01T05:30:00+05:30"),
        ("America/New_York", 1_772_953_200, "2026-03-08T03:00:00-04:00"),
        ("Pacific/Marquesas", 1_772_934_600, "2026-03-07T16:20:00-09:30"),
        ("Europe/Paris", -3_000_000_000, "1874-12-07T18:49:21+00:09:21"),
    ])
    func `an instant is written on a zone's clock`(_ zone: String, _ seconds: Double, _ text: String) throws {
        #expect(try ISO8601.format(Date(timeIntervalSince1970: seconds), in: ZoneRules.named(zone)) == text)
    }

    @Test(arguments: [
        ("America/New_York", 1_772_953_200.0, "2026-03-08T03:00:00-04:00", "2026-03-08T07:00:00Z"),
        ("Europe/Paris", -3_000_000_000, "1874-12-07T18:49:00+00:09", "1874-12-07T18:40:00Z"),
        ("America/New_York", -6_611_432_638, "1760-06-28T14:00:02-04:56", "1760-06-28T18:56:02Z"),
        ("Africa/Monrovia", 0, "1969-12-31T23:16:00-00:44", "1970-01-01T00:00:00Z"),
    ])
    func `an offset of odd seconds is told as the nearest minute, and the instant stays`(
        _ zone: String, _ seconds: Double, _ text: String, _ utc: String
    ) throws {
        let date = Date(timeIntervalSince1970: seconds)
        #expect(try ISO8601.formatByMinute(date, in: ZoneRules.named(zone)) == text)
        guard case .instant(let read) = ISO8601.parse(text) else {
            Issue.record("\(text) was not read as an instant")
            return
        }
        #expect(read == date && ISO8601.format(read) == utc)
    }

    @Test(arguments: [
        ("2026-03-08T03:00:00-04:00", "2026-03-08T07:00:00Z"), ("2026-03-08t03:00:00z", "2026-03-08T03:00:00Z"),
        ("2026-03-08 03:00+05:45", "2026-03-07T21:15:00Z"), ("2024-02-29T23:59:59.5Z", "2024-02-29T23:59:59.500000Z"),
        ("2026-03-08T03:00:00.123456789Z", "2026-03-08T03:00:00.123456Z"),
        ("0001-01-01T00:00Z", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999969Z"),
        ("9999-12-31T22:59:59.999999999-01:00", "9999-12-31T23:59:59.999969Z"),
        ("2026-03-08T03:00:00-00:00", "2026-03-08T03:00:00Z"),
        ("2026-03-08T03:00:00.1234567890123456789+00:00", "2026-03-08T03:00:00.123456Z"),
    ])
    func `a time with an offset is an instant`(_ text: String, _ utc: String) throws {
        guard case .instant(let date) = ISO8601.parse(text) else {
            Issue.record("\(text) was not read as an instant")
            return
        }
        #expect(ISO8601.format(date) == utc)
    }

    @Test(arguments: [
        "", "2026", "2026-03-08", "2026-03-08T", "2026-03-08T03", "2026-3-8T03:00:00Z", "2026-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z", "2026-00-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-00T00:00:00Z",
        "0000-01-01T00:00:00Z", "9999-12-31T23:00:00-01:00", "10000-01-01T00:00:00Z", "2026-03-08T24:00:00Z",
        "2026-03-08T03:60:00Z",
        "2026-12-31T23:59:60Z", "2026-03-08T03:00:00.Z", "2026-03-08T03:00:00,5Z", "2026-03-08T03:00.5Z",
        "2026-03-08T03:00:00+0400", "2026-03-08T03:00:00+04", "2026-03-08T03:00:00+24:00", "2026-03-08T03:00:00+04:60",
        "2026-03-08T03:00:00ZZ", " 2026-03-08T03:00:00Z", "2026-03-08T03:00:00Z ", "2026-03-08T03:00:00 Z",
        "20260308T030000Z", "2026-03-08X03:00:00Z", "2026-03-08T03:00:00−04:00", "٢٠26-03-08T03:00:00Z",
        "+2026-03-08T03:00:00Z", "2026-W10-7T03:00:00Z", "2026-03-08T03:00:00[UTC]",
    ])
    func `anything else is refused`(_ text: String) {
        #expect(ISO8601.parse(text) == nil)
    }

    @Test(arguments: [
        ("2026-03-29T02:30:00", "2026-03-29T03:00:00+02:00"), ("2026-03-29T02:00:00.5", "2026-03-29T03:00:00+02:00"),
        ("2026-03-29T03:00", "2026-03-29T03:00:00+02:00"), ("2026-03-29T01:59:59", "2026-03-29T01:59:59+01:00"),
        ("2026-10-25T02:30:00", "2026-10-25T02:30:00+02:00"), ("2026-10-25T03:00:00", "2026-10-25T03:00:00+01:00"),
        ("2026-10-25T02:00:00", "2026-10-25T02:00:00+02:00"), ("2500-07-01T12:00:00", "2500-07-01T12:00:00+02:00"),
    ])
    func `a time without offset is read on the zone's clock`(_ text: String, _ expected: String) throws {
        let zone = try ZoneRules.named("Europe/Paris")
        let moment = try #require(ISO8601.parse(text))
        guard case .local = moment else {
            Issue.record("\(text) was not read as a local time")
            return
        }
        #expect(ISO8601.format(try #require(moment.resolved(in: zone)), in: zone) == expected)
    }

    @Test func `a day that never was resolves to its end`() throws {
        let zone = try ZoneRules.named("Pacific/Apia")
        let moment = try #require(ISO8601.parse("2011-12-30T12:34:56.789"))
        #expect(ISO8601.format(try #require(moment.resolved(in: zone))) == "2011-12-30T10:00:00Z")
    }

    @Test(arguments: [
        ("9999-12-31T23:59:59", "America/Los_Angeles"), ("9999-12-31T19:00:00", "America/New_York"),
        ("0001-01-01T00:00:00", "Asia/Tokyo"),
    ])
    func `a zone does not lead out of the years 0001 to 9999`(_ text: String, _ name: String) throws {
        #expect(try #require(ISO8601.parse(text)).resolved(in: ZoneRules.named(name)) == nil)
        #expect(try #require(ISO8601.parse(text)).resolved(in: .utc) != nil)
    }

    @Test(arguments: [
        ("9999-12-31T16:00:00Z", "Asia/Tokyo", "9999-12-31T16:00:00+00:00"),
        ("9999-12-31T14:59:59Z", "Asia/Tokyo", "9999-12-31T23:59:59+09:00"),
        ("0001-01-01T00:00:00Z", "Etc/GMT+5", "0001-01-01T00:00:00+00:00"),
    ])
    func `a clock that shows another year is not shown`(_ text: String, _ name: String, _ shown: String) throws {
        let instant = try #require(ISO8601.parse(text)?.resolved(in: .utc))
        #expect(try ISO8601.format(instant, in: ZoneRules.named(name)) == shown)
    }

    @Test func `what is written reads back as the same instant`() throws {
        var source = SeededGenerator(seed: 8)
        let zones = try ["UTC", "Asia/Kathmandu", "America/St_Johns"].map { name in try ZoneRules.named(name) }
        for _ in 0..<5_000 {
            let microseconds = source.among(0...4_000_000_000) * 1_000_000 + source.among(0...999_999)
            let date = Date(microseconds: microseconds)
            #expect(date.microseconds == microseconds)
            try #require(ISO8601.parse(ISO8601.format(date)) == .instant(date))
            let whole = Date(wholeSeconds: microseconds / 1_000_000)
            for zone in zones { try #require(ISO8601.parse(ISO8601.format(whole, in: zone)) == .instant(whole)) }
        }
    }
}

@Test(arguments: ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+00:01"])
func `an offset does not lead out of the years 0001 to 9999`(_ text: String) {
    #expect(ISO8601.parse(text) == nil)
}
