import Foundation

@testable import Scheduling

/// A zone file, be it damaged: it is refused, or its segments follow one another and slots are found in it.
func fuzz(_ bytes: [UInt8]) {
    let table = inLinearTime(bytes.count, "reading a zone file") { TZif.table(from: bytes) }
    _ = PosixRule(bytes.prefix(64))
    guard let table else { return }
    let transitions = table.transitions
    require(zip(transitions, transitions.dropFirst()).allSatisfy { $0.instant < $1.instant }, "changes do not rise")
    let zone = ZoneRules(name: "Fuzz", table)
    for second in [-62_135_596_800, 0, 1_800_000_000, 4_102_444_800, 32_503_680_000, 253_402_300_799] {
        let segment = zone.segment(at: second)
        require(segment.start <= second && second < segment.end, "no segment holds \(second)")
        require(zone.segment(at: segment.start) == segment, "a segment is not found at its start")
        let isLast = segment.end > 1 << 60
        require(isLast || zone.segment(at: segment.end).start == segment.end, "segments do not meet at \(segment.end)")
        for expression in expressions {
            let slot = inLinearTime(bytes.count, "a slot") { expression.next(after: second, in: zone, dst: .standard) }
            require((slot ?? .max) > second, "\(slot ?? 0) is not after \(second)")
        }
    }
}

private let expressions = ["* * * * *", "30 2 * * *", "0 0 29 2 MON"].map { text in
    require(try? CronExpression(text), "not read: \(text)")
}
