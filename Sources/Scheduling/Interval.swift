import Foundation

/// A span of elapsed time between runs, such as `1h30m`; a day is 86,400 seconds whatever the clocks do.
package struct Interval: Sendable, Hashable {
    /// From 1 to 31,622,400 (366 days).
    package let seconds: Int

    private static let longest = 366 * CivilDate.secondsPerDay
    private static let units: [(letter: UInt8, seconds: Int)] = [
        (UInt8(ascii: "w"), 7 * CivilDate.secondsPerDay), (UInt8(ascii: "d"), CivilDate.secondsPerDay),
        (UInt8(ascii: "h"), 3_600), (UInt8(ascii: "m"), 60), (UInt8(ascii: "s"), 1),
    ]

    /// Reads whole numbers with units w, d, h, m, s, largest first, each at most once, without spaces.
    package init(_ text: String) throws(IntervalError) {
        guard !text.isEmpty else { throw IntervalError(text, "is empty") }
        var total = 0
        var number: Int?
        var unitsLeft = Self.units[...]
        for (position, byte) in text.utf8.enumerated() {
            if (0x30...0x39).contains(byte) {
                number = min((number ?? 0) * 10 + Int(byte - 0x30), Self.longest + 1)
                continue
            }
            guard let unit = Self.units.first(where: { $0.letter == byte }) else {
                let character = [byte] + text.utf8.dropFirst(position + 1).prefix { $0 & 0xC0 == 0x80 }
                throw IntervalError(text, "holds \(quoted(character)), which is no digit and no unit")
            }
            guard let count = number else { throw IntervalError(text, "has a unit without a number before it") }
            guard let place = unitsLeft.firstIndex(where: { $0.letter == byte }) else {
                throw IntervalError(text, "has a unit twice or out of order")
            }
            unitsLeft = unitsLeft[(place + 1)...]
            total = min(total + count * unit.seconds, Self.longest + 1)
            number = nil
        }
        guard number == nil else { throw IntervalError(text, "ends with a number without a unit") }
        guard total >= 1 else { throw IntervalError(text, "is shorter than one second") }
        guard total <= Self.longest else { throw IntervalError(text, "is longer than 366 days") }
        seconds = total
    }

    /// The first of anchor + k × interval, k = 1, 2, …, strictly after an instant; exact to the microsecond.
    package func next(after instant: Date, anchor: Date) -> Date {
        Date(microseconds: next(after: instant.microseconds, anchor: anchor.microseconds, firstStep: 1))
    }

    /// `next` in microseconds, with the grid beginning `firstStep` intervals after the anchor.
    func next(after instant: Int, anchor: Int, firstStep: Int) -> Int {
        let length = seconds * 1_000_000
        return anchor + max(CivilDate.floorDivide(instant - anchor, by: length) + 1, firstStep) * length
    }
}

/// Why an interval was refused: one line with the offending text and what is allowed.
package struct IntervalError: Error, CustomStringConvertible, Sendable, Equatable {
    /// The whole message; it quotes the caller's text, with what cannot be seen escaped.
    package let description: String

    init(_ text: String, _ reason: String) {
        description =
            "interval: \(quoted(text.utf8)) \(reason); allowed: whole numbers with units w, d, h, m, s, "
            + "largest first, such as 1h30m, from 1s to 366d"
    }
}
