/// Takes the items of one field, one after the other.
struct CronFieldReader {
    private let field: CronField
    private let text: ArraySlice<UInt8>
    private var position: Int
    private var itemEnd: Int
    private var itemStart: Int

    init(_ field: CronField, _ text: ArraySlice<UInt8>) {
        self.field = field
        self.text = text
        position = text.startIndex
        itemStart = text.startIndex
        itemEnd = text.startIndex
    }

    /// The values of a field without extras, as a bit set.
    static func values(of field: CronField, in text: ArraySlice<UInt8>) throws(CronError) -> UInt64 {
        var reader = CronFieldReader(field, text)
        var values: UInt64 = 0
        repeat {
            try reader.beginItem()
            values |= try reader.plainItem()
        } while reader.nextItem()
        return values
    }

    mutating func beginItem() throws(CronError) {
        itemStart = position
        itemEnd = position
        while itemEnd < text.endIndex, text[itemEnd] != UInt8(ascii: ",") { itemEnd += 1 }
        guard itemEnd > itemStart else { throw fault(text, "has an empty list item") }
    }

    /// Moves past the comma to the next item; false at the end of the field.
    mutating func nextItem() -> Bool {
        guard itemEnd < text.endIndex else { return false }
        position = itemEnd + 1
        return true
    }

    func endItem() throws(CronError) {
        guard position == itemEnd else {
            throw fault(text[itemStart..<itemEnd], "is not understood from \(quoted(text[position..<itemEnd])) on")
        }
    }

    /// `*`, a value or a range, with or without a step.
    mutating func plainItem() throws(CronError) -> UInt64 {
        var first = field.lowest
        var last = field.highest
        if !take("*") {
            let value = try value()
            if take("-") {
                (first, last) = closedRange(value, try self.value())
            } else {
                first = wrapped(value)
                if !isNext("/") { last = first }
            }
        }
        let step = take("/") ? try number(in: 1...field.count, called: "a step") : 1
        try endItem()
        return values(from: first, through: last, step: step)
    }

    /// Takes a letter or sign, letters in either case.
    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < itemEnd, Self.uppercased(text[position]) == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    /// The day of an `nW` item, not yet checked; nothing is taken if the item is of another kind.
    mutating func takeNearestWeekday() -> Int? {
        let start = position
        if let day = digits(), take("W") { return day }
        position = start
        return nil
    }

    /// The weekday in front of a mark; nothing is taken if the item is of another kind.
    mutating func takeWeekday(before mark: Unicode.Scalar) throws(CronError) -> Int? {
        let item = text[itemStart..<itemEnd]
        guard item.contains(where: { Self.uppercased($0) == UInt8(ascii: mark) }) else { return nil }
        let start = position
        let day = wrapped(try value())
        if take(mark) { return day }
        position = start
        return nil
    }

    func inRange(_ value: Int) throws(CronError) -> Int {
        guard field.lowest <= value, value <= field.highest || (field == .dayOfWeek && value == 7) else {
            throw fault(text[itemStart..<itemEnd], "is out of range")
        }
        return value
    }

    /// A number of one or two digits within limits.
    mutating func number(in limits: ClosedRange<Int>, called name: String) throws(CronError) -> Int {
        guard let number = digits(), limits.contains(number) else {
            throw fault(
                text[itemStart..<itemEnd], "needs \(name) as a number from \(limits.lowerBound) to \(limits.upperBound)"
            )
        }
        return number
    }

    private func isNext(_ character: Unicode.Scalar) -> Bool {
        position < itemEnd && text[position] == UInt8(ascii: character)
    }

    /// A number or a name, within the field's limits; 7 as a weekday stays 7.
    private mutating func value() throws(CronError) -> Int {
        if let number = digits() { return try inRange(number) }
        guard itemEnd - position >= 3 else { throw fault(text[itemStart..<itemEnd], "is not understood") }
        let letters = text[position..<position + 3].reduce(UInt32(0)) { $0 << 8 | UInt32(Self.uppercased($1)) }
        guard let value = field.value(named: letters) else {
            throw fault(text[itemStart..<itemEnd], "is not understood")
        }
        position += 3
        return value
    }

    /// The digits that follow, as a number; nil if there are none. More than two make a number beyond every limit.
    private mutating func digits() -> Int? {
        let start = position
        var number = 0
        while position < itemEnd, (0x30...0x39).contains(text[position]) {
            number = position - start < 2 ? number * 10 + Int(text[position] - 0x30) : 100
            position += 1
        }
        return position > start ? number : nil
    }

    private func wrapped(_ value: Int) -> Int {
        field == .dayOfWeek && value == 7 ? 0 : value
    }

    /// 7 ends a range of weekdays on the Sunday that closes the week; elsewhere it is the Sunday that opens one.
    private func closedRange(_ first: Int, _ last: Int) -> (Int, Int) {
        guard field == .dayOfWeek, last == 7 else { return (wrapped(first), last) }
        return first == 7 ? (0, 0) : (first, last)
    }

    /// Every step-th value of a range that may run past the top of the field.
    private func values(from first: Int, through last: Int, step: Int) -> UInt64 {
        if step == 1, first <= last, last <= field.highest {
            return (2 << UInt64(last - first) - 1) << UInt64(first)
        }
        var values: UInt64 = 0
        let length = last < first ? last - first + field.count : last - first
        for distance in stride(from: 0, through: length, by: step) {
            let value = first + distance
            values |= 1 << UInt64(value > field.highest ? value - field.count : value)
        }
        return values
    }

    private func fault(_ offending: ArraySlice<UInt8>, _ reason: String) -> CronError {
        CronError(field.title, offending, reason, allowed: field.allowed)
    }

    private static func uppercased(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") ? byte - 0x20 : byte
    }
}
