/// Steps that do not come out even.
extension ScheduleWarning {
    static func unevenSteps(in fields: [String]) -> [String] {
        zip(CronField.allCases.suffix(fields.count), fields).flatMap { field, text in
            text.split(separator: ",").compactMap { SteppedItem($0, in: field)?.warning }
        }
    }
}

/// An item with a step, such as `10-40/7`.
private struct SteppedItem {
    private let text: Substring
    private let field: CronField
    private let step: Int
    private let first: Int
    /// How far it is to the end of the item.
    private let span: Int
    /// Whether the next round of the field begins where the item ends.
    private let isRound: Bool

    init?(_ text: Substring, in field: CronField) {
        let parts = text.split(separator: "/")
        guard parts.count == 2, let step = Int(parts[1]), step > 1 else { return nil }
        let ends = parts[0] == "*" ? [field.lowest] : parts[0].split(separator: "-").compactMap(field.value(of:))
        guard let written = ends.first else { return nil }
        (self.text, self.field, self.step) = (text, field, step)
        // A 7 that does not end a range is Sunday, the first day.
        first = written > field.highest ? field.lowest : written
        let last = ends.count == 2 ? ends[1] : field.highest
        span = min(last < first ? last - first + field.count : last - first, field.count - 1)
        isRound = ends.count < 2 || span == field.count - 1
    }

    var warning: String? {
        isRound ? roundWarning : rangeWarning
    }

    private var roundWarning: String? {
        let name = "'\(text)' in \(field.title)"
        if field == .dayOfMonth {
            return "\(name) counts anew from \(first == 1 ? "the 1st" : "day \(first)") of each month."
        }
        let rest = field.count - span / step * step
        guard rest != step else { return nil }
        let fault = field.count % step == 0 ? "begins anew at \(first)" : "does not divide \(field.count)"
        return "\(name) \(fault): the last step of each round is \(rest < step ? "shorter" : "longer")."
    }

    /// Whoever writes `0-29/10` thinks of three tens, and whoever writes `0-30/10` of the end: both come out even.
    private var rangeWarning: String? {
        guard span % step != 0, (span + 1) % step != 0 else { return nil }
        let latest = field.lowest + (first - field.lowest + span / step * step) % field.count
        return "'\(text)' in \(field.title) ends at \(latest): the step does not divide the range."
    }
}

extension CronField {
    /// What an end of a range stands for; a 7 that closes the week stays one.
    func value(of text: Substring) -> Int? {
        if let number = Int(text) { return number }
        guard text.utf8.count == 3 else { return nil }
        return value(named: text.uppercased().utf8.reduce(0) { $0 << 8 | UInt32($1) })
    }
}
