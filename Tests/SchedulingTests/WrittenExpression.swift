/// A cron expression put together at random, with its meaning written down beside the text by the plainest means:
/// lists of values and claims about dates. Nothing here uses the code under test.
struct WrittenExpression: Sendable {
    /// A date as a calendar page shows it.
    struct Page: Sendable {
        let year: Int
        let month: Int
        let day: Int
        /// Sunday is 0.
        let weekday: Int
        let monthLength: Int
    }

    typealias Claim = @Sendable (Page) -> Bool

    var text: String
    var seconds: Set<Int>
    var minutes: Set<Int>
    var hours: Set<Int>
    var months: Set<Int>
    var dayOfMonth: Claim
    var dayOfWeek: Claim
    var needsBoth: Bool
    /// Second, minute and hour hold only numbers and commas.
    var isSingly: Bool

    func matches(_ page: Page) -> Bool {
        guard months.contains(page.month) else { return false }
        return needsBoth ? dayOfMonth(page) && dayOfWeek(page) : dayOfMonth(page) || dayOfWeek(page)
    }

    static func random(withSeconds: Bool, freeDates: Int, using source: inout SeededGenerator) -> WrittenExpression {
        let second = withSeconds ? plain(0, 59, using: &source) : ("", [0])
        let minute = plain(0, 59, using: &source)
        let hour = plain(0, 23, using: &source)
        let month = source.chance(60) ? ("*", Set(1...12)) : plain(1, 12, names: monthNames, using: &source)
        let isFree = source.chance(freeDates)
        let dayOfMonth = isFree || source.chance(40) ? star(using: &source) : daysOfMonth(using: &source)
        let dayOfWeek = isFree || source.chance(40) ? star(using: &source) : daysOfWeek(using: &source)
        let clock = [second.0, minute.0, hour.0]
        let fields = (withSeconds ? clock : Array(clock.dropFirst())) + [dayOfMonth.0, month.0, dayOfWeek.0]
        return WrittenExpression(
            text: fields.joined(separator: source.chance(90) ? " " : " \t "), seconds: second.1, minutes: minute.1,
            hours: hour.1, months: month.1, dayOfMonth: dayOfMonth.1, dayOfWeek: dayOfWeek.1,
            needsBoth: [dayOfMonth.0, dayOfWeek.0].contains { $0.hasPrefix("*") || $0.hasPrefix("?") },
            isSingly: !clock.joined().contains { "*-/".contains($0) })
    }

    private static let monthNames = [
        "", "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
    ]
    private static let weekdayNames = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]

    private static func star(using source: inout SeededGenerator) -> (String, Claim) {
        (source.chance(70) ? "*" : "?", { _ in true })
    }

    /// Counts from one value to another, from the top on to the bottom where it must, and keeps every step-th.
    private static func counted(from first: Int, to last: Int, _ low: Int, _ high: Int, step: Int) -> Set<Int> {
        var list = [first]
        while list.last != last { list.append(list.last == high ? low : (list.last ?? low) + 1) }
        return Set(list.enumerated().filter { $0.offset % step == 0 }.map(\.element))
    }

    private static func plain(
        _ low: Int, _ high: Int, names: [String] = [], using source: inout SeededGenerator
    ) -> (String, Set<Int>) {
        var texts: [String] = []
        var values: Set<Int> = []
        func spelled(_ value: Int, _ source: inout SeededGenerator) -> String {
            if !names.isEmpty, source.chance(50) {
                return source.chance(50) ? names[value] : names[value].lowercased()
            }
            return value < 10 && source.chance(10) ? "0\(value)" : "\(value)"
        }
        let allNumbers = source.chance(45)
        for _ in 0..<(source.chance(60) ? 1 : source.among(2...4)) {
            let first = source.among(low...high)
            let last = source.among(low...high)
            let step = source.chance(20) ? source.among(1...(high - low + 1)) : source.among(1...4)
            switch allNumbers ? 4 : source.among(0...4) {
            case 0:
                texts.append(source.chance(50) ? "*" : "*/\(step)")
                values.formUnion(
                    counted(from: low, to: high, low, high, step: texts.last == "*" ? 1 : step))
            case 1:
                texts.append("\(spelled(first, &source))/\(step)")
                values.formUnion(counted(from: first, to: high, low, high, step: step))
            case 2:
                texts.append("\(spelled(first, &source))-\(spelled(last, &source))")
                values.formUnion(counted(from: first, to: last, low, high, step: 1))
            case 3:
                texts.append("\(spelled(first, &source))-\(spelled(last, &source))/\(step)")
                values.formUnion(counted(from: first, to: last, low, high, step: step))
            default:
                texts.append(spelled(first, &source))
                values.insert(first)
            }
        }
        return (texts.joined(separator: ","), values)
    }

    private static func nearestWeekday(to day: Int, on page: Page) -> Int {
        func weekday(_ other: Int) -> Int { ((page.weekday + other - page.day) % 7 + 7) % 7 }
        let workdays = (1...page.monthLength).filter { (1...5).contains(weekday($0)) }
        return workdays.min { abs($0 - day) < abs($1 - day) } ?? 0
    }

    private static func daysOfMonth(using source: inout SeededGenerator) -> (String, Claim) {
        var texts: [String] = []
        var claims: [Claim] = []
        for _ in 0..<(source.chance(60) ? 1 : source.among(2...3)) {
            let number = source.among(1...31)
            let before = source.chance(70) ? source.among(0...6) : source.among(0...30)
            switch source.among(0...7) {
            case 0:
                texts.append("L")
                claims.append { $0.day == $0.monthLength }
            case 1:
                texts.append("l-\(before)")
                claims.append { $0.day == $0.monthLength - before }
            case 2:
                texts.append("LW")
                claims.append { $0.day == nearestWeekday(to: $0.monthLength, on: $0) }
            case 3:
                texts.append("L-\(before)w")
                claims.append {
                    $0.monthLength > before && $0.day == nearestWeekday(to: $0.monthLength - before, on: $0)
                }
            case 4:
                texts.append("\(number)W")
                claims.append { number <= $0.monthLength && $0.day == nearestWeekday(to: number, on: $0) }
            default:
                let (text, days) = plain(1, 31, using: &source)
                texts.append(text)
                claims.append { days.contains($0.day) }
            }
        }
        return (texts.joined(separator: ","), { [claims] page in claims.contains { $0(page) } })
    }

    private static func daysOfWeek(using source: inout SeededGenerator) -> (String, Claim) {
        var texts: [String] = []
        var claims: [Claim] = []
        for _ in 0..<(source.chance(60) ? 1 : source.among(2...3)) {
            let day = source.among(0...6)
            let spelled = source.chance(50) ? weekdayNames[day] : day == 0 && source.chance(50) ? "7" : "\(day)"
            switch source.among(0...5) {
            case 0:
                texts.append(spelled + (source.chance(50) ? "L" : "l"))
                claims.append { $0.weekday == day && $0.day + 7 > $0.monthLength }
            case 1:
                let count = source.among(1...5)
                texts.append("\(spelled)#\(count)")
                claims.append { $0.weekday == day && ($0.day + 6) / 7 == count }
            case 2:
                // Closing the week with 7: the values are counted on a line from Monday's side to 7.
                let step = source.among(1...3)
                texts.append("\(day)-7/\(step)")
                claims.append { page in stride(from: day, through: 7, by: step).contains { $0 % 7 == page.weekday } }
            default:
                let (text, days) = plain(0, 6, names: weekdayNames, using: &source)
                texts.append(text)
                claims.append { days.contains($0.weekday) }
            }
        }
        return (texts.joined(separator: ","), { [claims] page in claims.contains { $0(page) } })
    }
}
