/// What other dialects of cron refuse, or take for something else.
extension ScheduleWarning {
    static func otherReadings(of fields: [String]) -> [String] {
        guard fields.count >= 5 else {
            return fields.first?.lowercased() == "@weekly"
                ? ["'@weekly' means Sunday at 00:00; systemd reads Monday."] : []
        }
        var sentences =
            fields.count == 6
            ? ["The first of six fields is the second; other dialects take the sixth for the year."] : []
        for (field, text) in zip(CronField.allCases.suffix(fields.count), fields) {
            if text == "?" { sentences.append("'?' in \(field.title) means '*'; plain cron refuses it.") }
            sentences += text.split(separator: ",").compactMap { otherReading(of: String($0), in: field) }
        }
        return sentences + otherWeekdays(fields)
    }

    private static func otherReading(of item: String, in field: CronField) -> String? {
        let parts = item.split(separator: "/")
        let ends = parts[0].split(separator: "-")
        if field.isDay, item.isExtension(in: field) {
            return "'\(item)' in \(field.title) is an extension; plain cron refuses it."
        }
        if ends.count == 2, let first = field.value(of: ends[0]), let last = field.value(of: ends[1]), first > last {
            return "'\(item)' in \(field.title) runs past the top of its field; plain cron refuses it."
        }
        if parts.count == 2, ends.count == 1, parts[0] != "*" {
            return "'\(item)' in \(field.title) goes on to the top of its field; plain cron reads \(parts[0]) alone."
        }
        return nil
    }

    /// Weekdays by number: Quartz, which others follow, counts from 1.
    private static func otherWeekdays(_ fields: [String]) -> [String] {
        guard let text = fields.last else { return [] }
        // Quartz has no lines of five fields, so one is not meant for it unless it speaks its dialect.
        let isLikeQuartz = fields.count == 6 || text.contains("#") || text.uppercased().contains("L")
        let numbers = text.split(separator: ",").compactMap { $0.split(whereSeparator: { "-/#Ll".contains($0) }).first }
        if isLikeQuartz, let number = numbers.lazy.compactMap({ Int($0) }).first {
            let names = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
            let theirs = number == 0 ? "refuses it" : "reads \(names[number - 1])"
            return ["\(number) in day of week is \(names[number % 7]); Quartz counts from 1 and \(theirs)."]
        }
        let values = text.split(separator: ",").compactMap { $0.split(separator: "/").first }
        return values.contains { $0.split(separator: "-").contains("7") }
            ? ["7 in day of week is Sunday; some dialects know 0 alone."] : []
    }
}

extension CronField {
    fileprivate var isDay: Bool { self == .dayOfMonth || self == .dayOfWeek }
}

extension String {
    /// Whether an item holds `L`, `W` or `#` beside a name that may have these letters.
    fileprivate func isExtension(in field: CronField) -> Bool {
        if contains("#") { return true }
        let text = uppercased()
        return field == .dayOfMonth ? text.contains("L") || text.contains("W") : text.hasSuffix("L")
    }
}
