extension CronExpression {
    private static let longestText = 1_000
    private static let wholeAllowed =
        "five fields (minute hour day-of-month month day-of-week), six with the second first, or a macro such as @daily"

    /// Reads an expression of at most 1,000 characters.
    ///
    /// Throws one line naming the field, the offending text and what is allowed. An expression that no date can ever
    /// match is refused too.
    package init(_ text: String) throws(CronError) {
        let bytes = [UInt8](text.utf8)
        guard bytes.count <= Self.longestText else {
            throw CronError(
                "expression", bytes, "is too long (\(text.unicodeScalars.count) characters)",
                allowed: "at most \(Self.longestText)")
        }
        var fields = Self.fields(of: bytes[...])
        if let first = fields.first, first.first == UInt8(ascii: "@") {
            guard fields.count == 1, let meaning = Self.meaning(ofMacro: first) else {
                throw CronError(
                    "expression", bytes, "is not a macro",
                    allowed: "@yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly")
            }
            fields = Self.fields(of: meaning[...])
        }
        switch fields.count {
        case 5: try self.init(second: nil, fields[...])
        case 6: try self.init(second: fields[0], fields[1...])
        case 0: throw CronError("expression", bytes, "is empty", allowed: Self.wholeAllowed)
        case 1: throw CronError("expression", bytes, "has only 1 field", allowed: Self.wholeAllowed)
        default: throw CronError("expression", bytes, "has \(fields.count) fields", allowed: Self.wholeAllowed)
        }
    }

    private init(second: ArraySlice<UInt8>?, _ fields: ArraySlice<ArraySlice<UInt8>>) throws(CronError) {
        let start = fields.startIndex
        let minute = fields[start]
        let hour = fields[start + 1]
        var days = CronDays()
        let seconds: UInt64 = if let second { try CronFieldReader.values(of: .second, in: second) } else { 1 }
        let minutes = try CronFieldReader.values(of: .minute, in: minute)
        let hours = try CronFieldReader.values(of: .hour, in: hour)
        try days.readDaysOfMonth(fields[start + 2])
        let months = try CronFieldReader.values(of: .month, in: fields[start + 3])
        try days.readDaysOfWeek(fields[start + 4])
        self.init(
            seconds: seconds, minutes: minutes, hours: hours, months: UInt16(months), days: days,
            namesTimesSingly: Self.isSingly(second ?? []) && Self.isSingly(minute) && Self.isSingly(hour))
        guard days.matchesSomeDate(in: UInt16(months)) else {
            let dates = fields[(start + 2)...].joined(separator: [UInt8(ascii: " ")])
            throw CronError(
                "day of month, month, day of week", dates, "never comes",
                allowed: "dates that some year has, such as 29 2 *")
        }
    }

    private static func isSingly(_ field: ArraySlice<UInt8>) -> Bool {
        !field.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "/") }
    }

    private static func fields(of bytes: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        bytes.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    }

    private static func meaning(ofMacro macro: ArraySlice<UInt8>) -> [UInt8]? {
        // By bytes, since some letters outside ASCII have small forms inside it.
        let letters = macro.map { byte in (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
        let meaning: String? =
            switch String(decoding: letters, as: UTF8.self) {
            case "@yearly", "@annually": "0 0 1 1 *"
            case "@monthly": "0 0 1 * *"
            case "@weekly": "0 0 * * 0"
            case "@daily", "@midnight": "0 0 * * *"
            case "@hourly": "0 * * * *"
            default: nil
            }
        return meaning.map { [UInt8]($0.utf8) }
    }
}

extension CronDays {
    /// Reads the day-of-month field: numbers, and days counted from the end or moved to a weekday.
    fileprivate mutating func readDaysOfMonth(_ text: ArraySlice<UInt8>) throws(CronError) {
        noteStar(text)
        if text.elementsEqual([UInt8(ascii: "?")]) {
            numbered = UInt32(CronField.dayOfMonth.everything)
            return
        }
        var reader = CronFieldReader(.dayOfMonth, text)
        repeat {
            try reader.beginItem()
            if reader.take("L") {
                let distance = reader.take("-") ? try reader.number(in: 0...30, called: "days before the last") : 0
                if reader.take("W") {
                    nearestBeforeLast |= 1 << UInt32(distance)
                } else {
                    beforeLast |= 1 << UInt32(distance)
                }
                try reader.endItem()
            } else if let day = reader.takeNearestWeekday() {
                nearestWeekdays |= 1 << UInt32(try reader.inRange(day))
                try reader.endItem()
            } else {
                numbered |= UInt32(try reader.plainItem())
            }
        } while reader.nextItem()
    }

    /// Reads the day-of-week field: weekdays, the last and the n-th of them in a month.
    fileprivate mutating func readDaysOfWeek(_ text: ArraySlice<UInt8>) throws(CronError) {
        noteStar(text)
        if text.elementsEqual([UInt8(ascii: "?")]) {
            weekdays = UInt8(CronField.dayOfWeek.everything)
            return
        }
        var reader = CronFieldReader(.dayOfWeek, text)
        repeat {
            try reader.beginItem()
            if let day = try reader.takeWeekday(before: "L") {
                lastWeekdays |= 1 << UInt8(day)
                try reader.endItem()
            } else if let day = try reader.takeWeekday(before: "#") {
                let week = try reader.number(in: 1...5, called: "the count after #")
                nthWeekdays |= 1 << UInt64(day + 7 * (week - 1))
                try reader.endItem()
            } else {
                weekdays |= UInt8(try reader.plainItem())
            }
        } while reader.nextItem()
    }

    private mutating func noteStar(_ text: ArraySlice<UInt8>) {
        if text.first == UInt8(ascii: "*") || text.first == UInt8(ascii: "?") { needsBoth = true }
    }
}
