/// The six fields of a cron expression, each with its values and their names.
enum CronField: Int, Sendable, CaseIterable {
    case second, minute, hour, dayOfMonth, month, dayOfWeek

    var lowest: Int { self == .dayOfMonth || self == .month ? 1 : 0 }

    /// How many values the field has; also its longest step.
    var count: Int {
        switch self {
        case .second, .minute: 60
        case .hour: 24
        case .dayOfMonth: 31
        case .month: 12
        case .dayOfWeek: 7
        }
    }

    var highest: Int { lowest + count - 1 }

    /// Every value, as a bit set.
    var everything: UInt64 { (1 << UInt64(count) - 1) << UInt64(lowest) }

    var title: String {
        switch self {
        case .second: "second"
        case .minute: "minute"
        case .hour: "hour"
        case .dayOfMonth: "day of month"
        case .month: "month"
        case .dayOfWeek: "day of week"
        }
    }

    /// What the field may hold, for messages.
    var allowed: String {
        let common = "*, ranges a-b, steps /1 to /\(count), lists"
        return switch self {
        case .second, .minute, .hour: "0-\(highest), \(common)"
        case .dayOfMonth: "1-31, ?, L, L-n (n 0-30), LW, L-nW, nW, \(common)"
        case .month: "1-12, JAN-DEC, \(common)"
        case .dayOfWeek: "0-7 (0 and 7 are Sunday), SUN-SAT, ?, dL, d#n (n 1-5), \(common)"
        }
    }

    private static let monthNames = names("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC")
    private static let weekdayNames = names("SUN MON TUE WED THU FRI SAT")

    private static func names(_ list: String) -> [UInt32] {
        list.split(separator: " ").map { $0.utf8.reduce(0) { $0 << 8 | UInt32($1) } }
    }

    /// The value that three letters in upper case, packed into one number, name in this field.
    func value(named letters: UInt32) -> Int? {
        switch self {
        case .month: Self.monthNames.firstIndex(of: letters).map { $0 + 1 }
        case .dayOfWeek: Self.weekdayNames.firstIndex(of: letters)
        default: nil
        }
    }
}
