@testable import Scheduling

/// A clock on the wall, watched step by step through a window of time: slow, and as close to the words of the dialect
/// as code can be. Only the offsets come from the zone.
struct SimulatedClock {
    struct Face {
        let local: Int
        let day: Int
        let hour: Int
        let minute: Int
        let second: Int

        init(_ local: Int) {
            self.local = local
            day = local >= 0 ? local / 86_400 : -((86_399 - local) / 86_400)
            let time = local - day * 86_400
            (hour, minute, second) = (time / 3_600, time / 60 % 60, time % 60)
        }
    }

    struct Reading {
        let instant: Int
        let face: Face
        /// The clock has shown this time before.
        let isAgain: Bool
        /// The local times that were skipped just before this reading.
        let skipped: [Face]
    }

    private(set) var readings: [Reading] = []
    private var pages: [Int: WrittenExpression.Page] = [:]

    init(_ zone: ZoneRules, from start: Int, through end: Int, step: Int) {
        var seen: Set<Int> = []
        var previous: Int?
        for instant in stride(from: start, through: end, by: step) {
            let face = Face(instant + zone.segment(at: instant).offset)
            let skipped = previous.map { stride(from: $0 + step, to: face.local, by: step).map(Face.init) } ?? []
            let isAgain = !seen.insert(face.local).inserted
            readings.append(Reading(instant: instant, face: face, isAgain: isAgain, skipped: skipped))
            previous = face.local
            for day in [face.day] + skipped.map(\.day) where pages[day] == nil { pages[day] = Self.page(day) }
        }
    }

    /// The runs in the window under each policy, by "When the clock changes" in docs/schedules.md, word by word.
    func runs(of expression: WrittenExpression) -> [DSTPolicy: [Int]] {
        let days = pages.mapValues(expression.matches)
        let hours = (0..<24).map(expression.hours.contains)
        let minutes = (0..<60).map(expression.minutes.contains)
        let seconds = (0..<60).map(expression.seconds.contains)
        func matches(_ face: Face) -> Bool {
            hours[face.hour] && minutes[face.minute] && seconds[face.second] && days[face.day] == true
        }
        let coversDay = expression.hours.count == 24
        var runs: [DSTPolicy: [Int]] = [:]
        for reading in readings {
            let isDue = matches(reading.face)
            let isOwed = !reading.skipped.isEmpty && !coversDay && reading.skipped.contains(where: matches)
            guard isDue || isOwed else { continue }
            for policy in DSTPolicy.allCases {
                let runsOnce = policy == .once || (policy != .twice && expression.isSingly)
                if (isDue && !(reading.isAgain && runsOnce)) || (isOwed && policy != .skip) {
                    runs[policy, default: []].append(reading.instant)
                }
            }
        }
        return runs
    }

    /// A day's calendar page, by turning pages year by year and month by month.
    static func page(_ dayNumber: Int) -> WrittenExpression.Page {
        var year = 1970
        var rest = dayNumber
        func isLeap(_ year: Int) -> Bool { year % 400 == 0 || (year % 4 == 0 && year % 100 != 0) }
        while rest < 0 {
            year -= 1
            rest += isLeap(year) ? 366 : 365
        }
        while rest >= (isLeap(year) ? 366 : 365) {
            rest -= isLeap(year) ? 366 : 365
            year += 1
        }
        let lengths = [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        var month = 0
        while rest >= lengths[month] {
            rest -= lengths[month]
            month += 1
        }
        return WrittenExpression.Page(
            year: year, month: month + 1, day: rest + 1, weekday: ((dayNumber + 4) % 7 + 7) % 7,
            monthLength: lengths[month])
    }
}
