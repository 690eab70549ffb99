import Foundation
import Testing

@testable import Scheduling

struct ZoneRulesTests {
    /// Offsets as another reader of the same database (Python's zoneinfo) gives them.
    @Test(arguments: [
        ("Europe/Paris", 651328766, 7200),
        ("Europe/Paris", -943232957, 0),
        ("Europe/Paris", -1275179722, 3600),
        ("America/New_York", 1117420075, -14400),
        ("America/New_York", -2258411510, -18000),
        ("America/New_York", 1780092246, -14400),
        ("Asia/Kathmandu", 415399827, 19800),
        ("Asia/Kathmandu", 1862559056, 20700),
        ("Asia/Kathmandu", 94996427252, 20700),
        ("Pacific/Apia", -1333845393, -41400),
        ("Pacific/Apia", 229552325846, 46800),
        ("Pacific/Apia", 83412979519, 46800),
        ("Australia/Lord_Howe", -1660991613, 36000),
        ("Australia/Lord_Howe", 909955567, 39600),
        ("Australia/Lord_Howe", 346433361, 36000),
        ("Africa/Casablanca", 126953003066, 3600),
        ("Africa/Casablanca", 1114269327, 0),
        ("Africa/Casablanca", -1527499375, 0),
        ("America/St_Johns", 57663196856, -9000),
        ("America/St_Johns", 947366616, -12600),
        ("America/St_Johns", 90628088159, -12600),
        ("Europe/Dublin", -601136272, 0),
        ("Europe/Dublin", 76197430784, 3600),
        ("Europe/Dublin", 1851343612, 3600),
        ("Asia/Gaza", -2237472819, 8272),
        ("Asia/Gaza", 1497422916, 10800),
        ("Asia/Gaza", 702489488, 10800),
        ("Antarctica/Troll", 328370918, 0),
        ("Antarctica/Troll", 1460382757, 7200),
        ("Antarctica/Troll", 411061010, 0),
        ("America/Nuuk", -2414004857, -12416),
        ("America/Nuuk", -1577046298, -10800),
        ("America/Nuuk", 364142455, -7200),
        ("Pacific/Kiritimati", -1753023941, -38400),
        ("Pacific/Kiritimati", -1179137812, -38400),
        ("Pacific/Kiritimati", 48315585360, 50400),
        ("Africa/Monrovia", 13394907381, 0),
        ("Africa/Monrovia", -892598630, -2670),
        ("Africa/Monrovia", 1792827690, 0),
        ("America/Havana", -201347020, -18000),
        ("America/Havana", -1115307405, -18000),
        ("America/Havana", 952413521, -18000),
        ("EST5EDT", -2073490601, -18000),
        ("EST5EDT", -1907387527, -18000),
        ("EST5EDT", -2005858288, -18000),
        ("Asia/Tehran", -1604075173, 12344),
        ("Asia/Tehran", 181098133006, 12600),
        ("Asia/Tehran", 1061475446, 16200),
        ("Pacific/Chatham", -2094099955, 44100),
        ("Pacific/Chatham", 133870421551, 49500),
        ("Pacific/Chatham", -1646925742, 44100),
        ("Etc/GMT+12", 1720987549, -43200),
        ("Etc/GMT+12", 1981697826, -43200),
        ("Etc/GMT+12", 1435274736, -43200),
        ("GB-Eire", -339071071, 0),
        ("GB-Eire", 129482170949, 0),
        ("GB-Eire", -971988311, 0),
        ("Europe/Amsterdam", 2873203881, 3600),
        ("Europe/Amsterdam", 248871809, 3600),
        ("Europe/Amsterdam", -2045076790, 1172),
    ])
    func `an offset is the one that others read`(_ name: String, _ second: Int, _ offset: Int) throws {
        #expect(try ZoneRules.named(name).segment(at: second).offset == offset)
    }

    @Test func `every zone agrees with Foundation from 1970 to 2500`() throws {
        var source = SeededGenerator(seed: 3)
        var compared = 0
        for name in TimeZone.knownTimeZoneIdentifiers where name.contains("/") {
            guard let reference = TimeZone(identifier: name), let zone = try? ZoneRules.named(name) else { continue }
            for _ in 0..<40 {
                let second = source.among(0...(source.chance(60) ? 2_000_000_000 : 16_700_000_000))
                let date = Date(wholeSeconds: second)
                let offset = zone.segment(at: second).offset
                try #require(offset == reference.secondsFromGMT(for: date), "\(name) at \(date)")
                compared += 1
            }
        }
        #expect(compared > 15_000)
    }

    @Test(arguments: [
        "", "PST", "UTC+5", "+05:00", "europe/paris", "Europe/paris", "EUROPE/PARIS", "utc", "Europe", "Europe/",
        "/Europe/Paris", "Europe//Paris", "Europe/../Europe/Paris", "./UTC", "../zoneinfo/UTC", "posix/Europe/Paris",
        "right/Europe/Paris", "localtime", "posixrules", "Factory", "tzdata.zi", "zone.tab", "iso3166.tab",
        "leapseconds",
        "leap-seconds.list", "Mars/Phobos", " UTC", "UTC ", "UTC\n", "UTC\0", "Europe/Paris\0", "CET-1CEST", ":UTC",
        "Asia/Calcutta/", "Ünited/Zone", "Europe/Pаris",
    ])
    func `what is no zone of the database is refused in one line`(_ name: String) throws {
        let error = try #require(throws: ZoneError.self) { try ZoneRules.named(name) }
        #expect(error.description.hasPrefix("time zone: '"))
        #expect(!error.description.contains("\n"))
    }

    @Test func `a name longer than 50 characters is refused`() throws {
        let error = try #require(throws: ZoneError.self) { try ZoneRules.named(String(repeating: "A", count: 51)) }
        #expect(error.description.contains("longer than 50"))
    }

    @Test(arguments: [
        "UTC", "Etc/UTC", "Zulu", "GMT", "GMT0", "GMT+0", "Etc/GMT-14", "EST", "EST5EDT", "Asia/Calcutta", "GB-Eire",
        "America/Argentina/ComodRivadavia", "America/North_Dakota/New_Salem", "W-SU", "Antarctica/DumontDUrville",
    ])
    func `zones and links keep the name they were asked by`(_ name: String) throws {
        let zone = try ZoneRules.named(name)
        #expect(zone.name == name)
        #expect(try ZoneRules.named(name) === zone)
    }

    @Test func `the rule at the end of a file holds through the year 9999`() throws {
        let zone = try ZoneRules.named("America/New_York")
        for year in [2_038, 2_400, 2_437, 2_438, 2_439, 2_840, 5_000, 9_999] {
            let july = CivilDate(year: year, month: 7, day: 1).dayNumber * 86_400
            let january = CivilDate(year: year, month: 1, day: 1).dayNumber * 86_400
            #expect(zone.segment(at: july).offset == -14_400)
            #expect(zone.segment(at: january).offset == -18_000)
            let start = zone.segment(at: july).start
            #expect(zone.segment(at: start - 1).end == start)
            let weekday = CivilDate.weekday(CivilDate.floorDivide(start - 18_000, by: 86_400))
            #expect(weekday == 0)
        }
    }

    @Test func `segments follow one another without a hole`() throws {
        for name in ["Europe/Dublin", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia"] {
            let zone = try ZoneRules.named(name)
            var segment = zone.segment(at: -5_000_000_000)
            for _ in 0..<2_500 where segment.end < 60_000_000_000 {
                let following = zone.segment(at: segment.end)
                try #require(following.start == segment.end && following.offset != segment.offset, "\(name)")
                try #require(following.freshFrom == segment.end + segment.offset, "\(name)")
                segment = following
            }
        }
    }

    @Test func `a damaged file is refused whatever is missing`() throws {
        let directory = ProcessInfo.processInfo.environment["TZDIR"] ?? "/usr/share/zoneinfo"
        let content = [UInt8](try #require(FileManager.default.contents(atPath: directory + "/Europe/Paris")))
        #expect(TZif.table(from: content) != nil)
        let footer = content.dropLast().lastIndex(of: 0x0A) ?? 0
        for length in 0..<footer { try #require(TZif.table(from: Array(content.prefix(length))) == nil) }
        var source = SeededGenerator(seed: 12)
        for _ in 0..<2_000 {
            var spoilt = content
            spoilt[source.among(0...content.count - 1)] = UInt8(source.among(0...255))
            _ = TZif.table(from: spoilt)
        }
    }

    @Test(arguments: [
        ("UTC0", 2_026, nil, nil), ("<+0530>-5:30", 2_026, nil, nil),
        ("CET-1CEST,M3.5.0,M10.5.0/3", 2_026, "2026-03-29T02:00:00Z", "2026-10-25T03:00:00Z"),
        ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 2_026, "2026-03-28T23:00:00Z", "2026-10-25T00:00:00Z"),
        ("EET-2EEST,M3.4.4/50,M10.4.4/50", 2_026, "2026-03-28T02:00:00Z", "2026-10-24T02:00:00Z"),
        ("XXX3YYY,J60/0,J365/25", 2_024, "2024-03-01T00:00:00Z", "2025-01-01T01:00:00Z"),
        ("XXX3YYY,59,300/1:02:03", 2_024, "2024-02-29T02:00:00Z", "2024-10-27T01:02:03Z"),
    ])
    func `a rule for the future is read`(_ text: String, _ year: Int, _ start: String?, _ end: String?) throws {
        let rule = try #require(PosixRule(text.utf8))
        let saving = rule.saving
        #expect(saving.map { ISO8601.format(Date(wholeSeconds: $0.start.second(in: year))) } == start)
        #expect(saving.map { ISO8601.format(Date(wholeSeconds: $0.end.second(in: year))) } == end)
    }

    @Test(arguments: [
        "", "UTC", "5", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J5", "CET-1CEST,M3.5.0,M10.5.0/3x", "<+01-1", "CET-1CEST,366,1",
    ])
    func `a broken rule is refused`(_ text: String) {
        #expect(PosixRule(text.utf8) == nil)
    }

    @Test func `saving that lasts all year is one offset`() throws {
        var table = ZoneTable(initialOffset: -10_800)
        let rule = try #require(PosixRule("XXX3YYY,0/0,J365/25".utf8))
        table.extend(by: rule, after: 0)
        #expect(table.transitions.count == 1)
        #expect(table.repeatsFrom == nil)
    }
}
