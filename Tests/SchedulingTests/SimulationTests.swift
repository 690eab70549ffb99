import Foundation
import Testing

@testable import Scheduling

/// Random expressions against the simulated clock, around the moments at which clocks change.
struct SimulationTests {
    private static let zones = [
        "Europe/Paris", "Europe/Dublin", "Europe/Lisbon", "Europe/Moscow", "America/New_York", "America/Havana",
        "America/Sao_Paulo", "America/Santiago", "America/St_Johns", "America/Nuuk", "Asia/Kathmandu", "Asia/Gaza",
        "Asia/Tehran", "Asia/Manila", "Africa/Cairo", "Africa/Casablanca", "Africa/Monrovia", "Antarctica/Troll",
        "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Auckland", "Pacific/Chatham", "Pacific/Kwajalein",
        "America/Juneau", "Asia/Pyongyang", "America/Caracas",
    ]

    @Test(arguments: zones)
    func `runs agree with a clock watched minute by minute`(_ name: String) throws {
        let zone = try ZoneRules.named(name)
        var source = SeededGenerator(seed: name.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
        for change in changes(in: zone, 4, since: 1_950, &source) where change % 60 == 0 {
            let clock = SimulatedClock(zone, from: change - 129_600, through: change + 129_600, step: 60)
            guard clock.readings.allSatisfy({ $0.face.second == 0 }) else { continue }
            for _ in 0..<20 {
                let expression = WrittenExpression.random(withSeconds: false, freeDates: 60, using: &source)
                try compare(expression, clock, zone, &source)
            }
        }
    }

    @Test(arguments: zones)
    func `runs agree with a clock watched second by second`(_ name: String) throws {
        let zone = try ZoneRules.named(name)
        var source = SeededGenerator(seed: name.utf8.reduce(11) { $0 &* 31 &+ UInt64($1) })
        for change in changes(in: zone, 2, since: 1_850, &source) {
            let clock = SimulatedClock(zone, from: change - 4_500, through: change + 4_500, step: 1)
            for _ in 0..<6 {
                let expression = WrittenExpression.random(withSeconds: true, freeDates: 90, using: &source)
                try compare(expression, clock, zone, &source)
            }
        }
    }

    @Test func `the day that Samoa left out agrees with the watched clock`() throws {
        let zone = try ZoneRules.named("Pacific/Apia")
        var source = SeededGenerator(seed: 30)
        let change = zone.segment(at: 1_325_000_000).end
        #expect(ISO8601.format(Date(wholeSeconds: change), in: zone) == "2011-12-31T00:00:00+14:00")
        let clock = SimulatedClock(zone, from: change - 129_600, through: change + 129_600, step: 60)
        for _ in 0..<200 {
            let expression = WrittenExpression.random(withSeconds: false, freeDates: 60, using: &source)
            try compare(expression, clock, zone, &source)
        }
    }

    @Test func `dates agree with calendar pages turned one by one`() throws {
        var source = SeededGenerator(seed: 5)
        let pages = (0...6_000).map(SimulatedClock.page)
        for _ in 0..<400 {
            var written = WrittenExpression.random(withSeconds: false, freeDates: 0, using: &source)
            let dates = written.text.split(whereSeparator: \.isWhitespace).dropFirst(2)
            written.text = (["0", "0"] + dates).joined(separator: " ")
            let start = source.among(0...4_500)
            let expected = (start...start + 1_500).filter { written.matches(pages[$0]) }
            guard let expression = try? CronExpression(written.text) else {
                #expect(expected.isEmpty, "\(written.text) was refused")
                continue
            }
            var found: [Int] = []
            var last = start * 86_400 - 1
            while let run = expression.next(after: last, in: .utc, dst: .standard), run <= (start + 1_500) * 86_400 {
                found.append(run / 86_400)
                last = run
            }
            try #require(found == expected, "\(written.text) from day \(start)")
        }
    }

    private func changes(in zone: ZoneRules, _ count: Int, since: Int, _ source: inout SeededGenerator) -> [Int] {
        let first = CivilDate(year: since, month: 1, day: 1).dayNumber * 86_400
        let last = CivilDate(year: 2_045, month: 1, day: 1).dayNumber * 86_400
        var changes: Set<Int> = []
        for _ in 0..<count * 3 where changes.count < count {
            let year = source.chance(10) ? source.among(2_500...9_000) : 0
            let instant =
                year == 0
                ? source.among(first...last) : CivilDate(year: year, month: 1, day: 1).dayNumber * 86_400
            let end = zone.segment(at: instant).end
            if end < 250_000_000_000 { changes.insert(end) }
        }
        return changes.sorted()
    }

    private func compare(
        _ written: WrittenExpression, _ clock: SimulatedClock, _ zone: ZoneRules, _ source: inout SeededGenerator
    ) throws {
        guard let begin = clock.readings.first?.instant, let end = clock.readings.last?.instant,
            let expression = try? CronExpression(written.text)
        else { return }
        let runs = clock.runs(of: written)
        for policy in DSTPolicy.allCases {
            let expected = runs[policy] ?? []
            var found: [Int] = []
            var last = begin - 1
            while let run = expression.next(after: last, in: zone, dst: policy), run <= end {
                found.append(run)
                last = run
            }
            try #require(found == expected, "\(written.text) in \(zone.name) from \(begin), \(policy)")
            for _ in 0..<5 {
                let start = Double(source.among(begin...end)) + (source.chance(50) ? 0.25 : 0)
                let asked = expression.next(after: Date(timeIntervalSince1970: start), in: zone, dst: policy)
                let next = expected.first { Double($0) > start }
                let isRight =
                    next.map { asked == Date(wholeSeconds: $0) } ?? (asked.map { $0 > Date(wholeSeconds: end) } ?? true)
                try #require(isRight, "\(written.text) in \(zone.name) after \(start), \(policy)")
            }
        }
    }
}
