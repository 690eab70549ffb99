/// Reads expressions as the chapter on them is worded, item by item into lists of values, beside the program's own way:
/// what the two make of the same text must agree.
extension WrittenExpression {
    /// Nil for what the dialect forbids.
    init?(plainly text: String) {
        guard text.utf8.count <= 1_000, text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        var fields = text.split { $0 == " " || $0 == "\t" }.map { $0.uppercased() }
        if fields.count == 1, let meaning = Self.macros[fields[0]] {
            fields = meaning.split(separator: " ").map(String.init)
        }
        if fields.count == 5 { fields.insert("0", at: 0) }
        guard fields.count == 6, let seconds = Self.values(fields[0], 0, 59),
            let minutes = Self.values(fields[1], 0, 59),
            let hours = Self.values(fields[2], 0, 23), let dayOfMonth = Self.daysOfMonth(fields[3]),
            let months = Self.values(fields[4], 1, 12, names: Self.monthNames),
            let dayOfWeek = Self.daysOfWeek(fields[5])
        else { return nil }
        self.init(
            text: text, seconds: seconds, minutes: minutes, hours: hours, months: months, dayOfMonth: dayOfMonth,
            dayOfWeek: dayOfWeek,
            needsBoth: fields[3].hasPrefix("*") || fields[3] == "?" || fields[5].hasPrefix("*")
                || fields[5] == "?",
            isSingly: !fields[0...2].joined().contains { "*-/".contains($0) })
        guard Self.pages.contains(where: matches) else { return nil }
    }

    /// Every pairing of month, leap year and first weekday comes in 28 years.
    private static let pages = (10_957..<21_184).map(SimulatedClock.page)
    private static let macros = [
        "@YEARLY": "0 0 1 1 *", "@ANNUALLY": "0 0 1 1 *", "@MONTHLY": "0 0 1 * *", "@WEEKLY": "0 0 * * 0",
        "@DAILY": "0 0 * * *", "@MIDNIGHT": "0 0 * * *", "@HOURLY": "0 * * * *",
    ]
    private static let monthNames = [
        "JAN": 1, "FEB": 2, "MAR": 3, "APR": 4, "MAY": 5, "JUN": 6, "JUL": 7, "AUG": 8, "SEP": 9, "OCT": 10, "NOV": 11,
        "DEC": 12,
    ]
    private static let weekdayNames = ["SUN": 0, "MON": 1, "TUE": 2, "WED": 3, "THU": 4, "FRI": 5, "SAT": 6]

    private static func parts(_ text: String, _ separator: Character) -> [String] {
        text.split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }

    /// One or two digits, or a name.
    private static func value(_ text: String, _ low: Int, _ high: Int, _ names: [String: Int] = [:]) -> Int? {
        if let named = names[text] { return named }
        guard (1...2).contains(text.count), text.allSatisfy(\.isNumber), let number = Int(text) else { return nil }
        return (low...high).contains(number) ? number : nil
    }

    private static func values(_ field: String, _ low: Int, _ high: Int, names: [String: Int] = [:]) -> Set<Int>? {
        var values: Set<Int> = []
        for text in parts(field, ",") {
            guard let item = item(text, low, high, names: names) else { return nil }
            values.formUnion(item)
        }
        return values
    }

    private static func item(_ text: String, _ low: Int, _ high: Int, names: [String: Int]) -> [Int]? {
        let isWeekday = high == 6
        let halves = parts(text, "/")
        guard halves.count <= 2, let range = halves.first else { return nil }
        var step = 1
        if halves.count == 2 {
            guard let stated = value(halves[1], 1, high - low + 1) else { return nil }
            step = stated
        }
        let ends = range == "*" ? ["\(low)", "\(high)"] : parts(range, "-")
        guard ends.count <= 2, let first = value(ends[0], low, isWeekday ? 7 : high, names) else { return nil }
        let begin = isWeekday && first == 7 ? 0 : first
        var end = halves.count == 2 ? high : begin
        if ends.count == 2 {
            guard let last = value(ends[1], low, isWeekday ? 7 : high, names) else { return nil }
            end = last
        }
        if isWeekday, ends.count == 2, first == 7, end == 7 { end = 0 }
        if end < begin { end += high - low + 1 }
        return stride(from: begin, through: end, by: step).map { ($0 - low) % (high - low + 1) + low }
    }

    private static func nearestWeekday(to day: Int, on page: Page) -> Int {
        func weekday(_ other: Int) -> Int { ((page.weekday + other - page.day) % 7 + 7) % 7 }
        switch weekday(day) {
        case 6: return day == 1 ? 3 : day - 1
        case 0: return day == page.monthLength ? day - 2 : day + 1
        default: return day
        }
    }

    private static func daysOfMonth(_ field: String) -> Claim? {
        if field == "?" { return { _ in true } }
        var claims: [Claim] = []
        for item in parts(field, ",") {
            guard let claim = dayOfMonth(item) else { return nil }
            claims.append(claim)
        }
        return { [claims] page in claims.contains { $0(page) } }
    }

    private static func dayOfMonth(_ item: String) -> Claim? {
        let isNearest = item.hasSuffix("W")
        let day = isNearest ? String(item.dropLast()) : item
        if day == "L" || day.hasPrefix("L-") {
            guard let before = day == "L" ? 0 : value(String(day.dropFirst(2)), 0, 30) else { return nil }
            return { page in
                let wanted = page.monthLength - before
                return wanted >= 1 && page.day == (isNearest ? nearestWeekday(to: wanted, on: page) : wanted)
            }
        }
        if isNearest {
            guard let wanted = value(day, 1, 31) else { return nil }
            return { $0.monthLength >= wanted && $0.day == nearestWeekday(to: wanted, on: $0) }
        }
        guard let days = self.item(item, 1, 31, names: [:]).map(Set.init) else { return nil }
        return { days.contains($0.day) }
    }

    private static func daysOfWeek(_ field: String) -> Claim? {
        if field == "?" { return { _ in true } }
        var claims: [Claim] = []
        for item in parts(field, ",") {
            guard let claim = dayOfWeek(item) else { return nil }
            claims.append(claim)
        }
        return { [claims] page in claims.contains { $0(page) } }
    }

    private static func dayOfWeek(_ item: String) -> Claim? {
        let halves = parts(item, "#")
        if halves.count == 2 {
            guard let day = value(halves[0], 0, 7, weekdayNames), let count = value(halves[1], 1, 5) else { return nil }
            return { $0.weekday == day % 7 && ($0.day + 6) / 7 == count }
        }
        if item.hasSuffix("L") {
            guard let day = value(String(item.dropLast()), 0, 7, weekdayNames) else { return nil }
            return { $0.weekday == day % 7 && $0.day + 7 > $0.monthLength }
        }
        guard let days = self.item(item, 0, 6, names: weekdayNames).map(Set.init) else { return nil }
        return { days.contains($0.weekday) }
    }
}
