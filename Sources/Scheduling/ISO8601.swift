import Foundation

/// Writes and reads instants as RFC 3339 does, without locale or formatter.
package enum ISO8601 {
    /// In UTC with `Z`; six digits of fraction unless the second is whole.
    package static func format(_ date: Date) -> String {
        let microseconds = date.microseconds
        let second = CivilDate.floorDivide(microseconds, by: 1_000_000)
        let fraction = microseconds - second * 1_000_000
        return text { writer in
            writer.moment(second)
            if fraction != 0 {
                writer.byte(".")
                writer.number(fraction, digits: 6)
            }
            writer.byte("Z")
        }
    }

    /// On the zone's clock with its offset (`+00:00` for UTC), fractions cut off. The odd seconds of offsets from
    /// before standard time, which RFC 3339 cannot express, follow as `:SS`. Where the clock shows another year than
    /// 0001 to 9999, in UTC.
    package static func format(_ date: Date, in zone: ZoneRules) -> String {
        format(date, in: zone) { $0 }
    }

    /// The same within RFC 3339: of an offset with odd seconds the nearest minute (section 5.8), and the time by it.
    package static func formatByMinute(_ date: Date, in zone: ZoneRules) -> String {
        format(date, in: zone) { CivilDate.floorDivide($0 + 30, by: 60) * 60 }
    }

    private static func format(_ date: Date, in zone: ZoneRules, _ rounded: (_ offset: Int) -> Int) -> String {
        let second = CivilDate.floorDivide(date.microseconds, by: 1_000_000)
        let shown = rounded(zone.segment(at: second).offset)
        let offset = Date.writtenYears.contains((second + shown) * 1_000_000) ? shown : 0
        let distance = abs(offset)
        return text { writer in
            writer.moment(second + offset)
            writer.byte(offset < 0 ? "-" : "+")
            writer.number(distance / 3_600, digits: 2)
            writer.byte(":")
            writer.number(distance / 60 % 60, digits: 2)
            guard distance % 60 != 0 else { return }
            writer.byte(":")
            writer.number(distance % 60, digits: 2)
        }
    }

    /// Reads `YYYY-MM-DDTHH:MM[:SS[.fraction]]` with `Z`, `±HH:MM` or no offset; nil if it is anything else.
    ///
    /// `T` may be `t` or a space, `Z` may be `z`. Years 0001 to 9999, real calendar dates, no leap second, no 24:00;
    /// digits beyond the nanosecond are dropped.
    package static func parse(_ text: String) -> MomentText? {
        var reader = MomentReader(text)
        guard let time = reader.localTime() else { return nil }
        if reader.isAtEnd { return .local(time) }
        guard let offset = reader.utcOffset(), reader.isAtEnd else { return nil }
        let instant = time.instant(utcOffset: offset)
        // The offset may lead out of the years.
        return instant.isWritable ? .instant(instant) : nil
    }

    private static func text(_ write: (inout MomentWriter) -> Void) -> String {
        String(unsafeUninitializedCapacity: MomentWriter.capacity) { buffer in
            var writer = MomentWriter(buffer)
            write(&writer)
            return writer.count
        }
    }
}

/// Puts digits into a string's own storage.
private struct MomentWriter {
    /// Room for the longest moment, the clamped years of ±126,000 included.
    static let capacity = 48

    private let buffer: UnsafeMutableBufferPointer<UInt8>
    private(set) var count = 0

    init(_ buffer: UnsafeMutableBufferPointer<UInt8>) {
        self.buffer = buffer
    }

    mutating func byte(_ character: Unicode.Scalar) {
        buffer[count] = UInt8(ascii: character)
        count += 1
    }

    mutating func number(_ value: Int, digits: Int) {
        var rest = value
        for position in stride(from: count + digits - 1, through: count, by: -1) {
            buffer[position] = 0x30 + UInt8(rest % 10)
            rest /= 10
        }
        count += digits
    }

    mutating func moment(_ second: Int) {
        let dayNumber = CivilDate.floorDivide(second, by: CivilDate.secondsPerDay)
        let time = second - dayNumber * CivilDate.secondsPerDay
        let date = CivilDate(dayNumber: dayNumber)
        if date.year < 0 { byte("-") }
        number(abs(date.year), digits: abs(date.year) > 9999 ? 6 : 4)
        byte("-")
        number(date.month, digits: 2)
        byte("-")
        number(date.day, digits: 2)
        byte("T")
        number(time / 3_600, digits: 2)
        byte(":")
        number(time / 60 % 60, digits: 2)
        byte(":")
        number(time % 60, digits: 2)
    }
}

/// Takes the parts of a moment from its text, one after the other.
private struct MomentReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) {
        bytes = [UInt8](text.utf8)
    }

    var isAtEnd: Bool { position == bytes.count }

    private mutating func take(_ characters: Unicode.Scalar...) -> Bool {
        guard position < bytes.count, characters.contains(Unicode.Scalar(bytes[position])) else { return false }
        position += 1
        return true
    }

    private mutating func number(digits: Int) -> Int? {
        guard position + digits <= bytes.count else { return nil }
        var value = 0
        for byte in bytes[position..<position + digits] {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + Int(byte - 0x30)
        }
        position += digits
        return value
    }

    mutating func localTime() -> LocalTime? {
        guard let year = number(digits: 4), take("-"), let month = number(digits: 2), take("-"),
            let day = number(digits: 2), take("T", "t", " "), let hour = number(digits: 2), take(":"),
            let minute = number(digits: 2)
        else { return nil }
        var second = 0
        var nanosecond = 0
        if take(":") {
            guard let stated = number(digits: 2) else { return nil }
            second = stated
            if take(".") {
                guard let fraction = self.fraction() else { return nil }
                nanosecond = fraction
            }
        }
        return LocalTime(
            year: year, month: month, day: day, hour: hour, minute: minute, second: second, nanosecond: nanosecond)
    }

    private mutating func fraction() -> Int? {
        var value = 0
        var unit = 100_000_000
        let start = position
        while let digit = number(digits: 1) {
            value += digit * unit
            unit /= 10
        }
        return position > start ? value : nil
    }

    /// Seconds east of Greenwich.
    mutating func utcOffset() -> Int? {
        if take("Z", "z") { return 0 }
        let sign = take("-") ? -1 : 1
        guard sign == -1 || take("+"), let hours = number(digits: 2), hours <= 23, take(":"),
            let minutes = number(digits: 2), minutes <= 59
        else { return nil }
        return sign * (hours * 3_600 + minutes * 60)
    }
}
