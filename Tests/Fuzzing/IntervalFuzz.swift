import Foundation

@testable import Scheduling

/// An interval on the first line; what follows chooses an anchor and an instant.
///
/// What is accepted is a sum of counts of units, largest first, and its slots lie on the grid of the anchor.
func fuzz(_ bytes: [UInt8]) {
    var (text, choices) = textAndChoices(swollen(bytes))
    let expected = plainly(text)
    let interval = inLinearTime(text.utf8.count, "reading an interval") { () -> Interval? in
        do throws(IntervalError) {
            return try Interval(text)
        } catch {
            require(isPlainLine(error.description), "the error is not one plain line: \(error)")
            return nil
        }
    }
    require(interval?.seconds == expected, "'\(text)' reads as \(interval?.seconds ?? -1), not \(expected ?? -1)")
    guard let interval else { return }
    require((try? Interval("\(interval.seconds)s")) == interval, "\(interval.seconds)s is another interval")

    let anchor = instant(&choices)
    let asked = instant(&choices)
    let next = interval.next(after: asked, anchor: anchor).microseconds
    let length = interval.seconds * 1_000_000
    let isFirst = next == rounded(anchor.microseconds + length)
    // A `Date` far from now counts in larger steps than microseconds.
    let slack = max(abs(next), abs(anchor.microseconds)) > 1 << 52 ? 4_096 : 0
    require(next + slack > asked.microseconds, "\(next) is not after \(asked.microseconds)")
    require(isFirst || next - length <= asked.microseconds + slack, "\(next) leaves out a slot")
    let offGrid = (next - anchor.microseconds) % length
    require(min(offGrid, length - offGrid) <= slack, "\(next) is \(offGrid) off the grid")
    require(!Schedule.interval(interval, anchor: anchor, includesAnchor: true).sentence.isEmpty, "no sentence")
    checkLatest(interval, anchor, asked, &choices)
}

private func checkLatest(_ interval: Interval, _ anchor: Date, _ from: Date, _ choices: inout Choices) {
    let slots = Slots(schedule: .interval(interval, anchor: anchor, includesAnchor: choices.byte() % 2 == 0))
    let limit = choices.number(in: 1...5)
    let start = from.microseconds
    var walked: [Int] = []
    while walked.count < 7, let slot = slots.slot(after: walked.last ?? start - 1) { walked.append(slot) }
    guard let end = walked.last else { return }
    require(slots.latest(limit, from: start, through: end) == Array(walked.suffix(limit)), "the latest slots differ")
}

/// Near to now, or any instant that a `Date` can be.
private func instant(_ choices: inout Choices) -> Date {
    guard choices.byte() % 4 == 0 else {
        return Date(
            timeIntervalSince1970: Double(choices.number(in: -4_000_000_000_000_000...4_000_000_000_000_000)) / 1e6)
    }
    return Date(timeIntervalSinceReferenceDate: Double(bitPattern: choices.bits()))
}

private func rounded(_ microseconds: Int) -> Int { Date(microseconds: microseconds).microseconds }

private func plainly(_ text: String) -> Int? {
    var rest = Substring(text)
    var total = 0
    for (unit, seconds) in [("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)] {
        let digits = rest.unicodeScalars.prefix { "0123456789".unicodeScalars.contains($0) }
        let behind = rest.unicodeScalars[digits.endIndex...]
        guard !digits.isEmpty, behind.first == unit.unicodeScalars.first else { continue }
        let significant = digits.drop { $0 == "0" }
        guard significant.count < 10 else { return nil }
        total += (Int(String(significant)) ?? 0) * seconds
        rest = Substring(behind.dropFirst())
    }
    return rest.isEmpty && (1...31_622_400).contains(total) ? total : nil
}
