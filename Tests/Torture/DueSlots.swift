/// The slots of a cadence, by arithmetic of the torture's own.
extension PeriodRow {
    private static let second = 1_000_000
    private static let minute = 60 * second

    /// Whether the cadence is due at an instant.
    func isDue(at instant: Int) -> Bool {
        switch cadence.kind {
        case "interval":
            guard let anchor, let step = intervalStep else { return false }
            return instant > anchor && (instant - anchor) % step == 0
        default:
            guard let step = cronStep else { return false }
            return instant % Self.second == 0 && instant % Self.minute / Self.second % step == 0
        }
    }

    /// The slots after the beginning of this period, up to its end.
    func slots(until end: Int) -> [Int] {
        guard isActive, end > from else { return [] }
        switch cadence.kind {
        case "interval":
            guard let anchor, let step = intervalStep else { return [] }
            let first = anchor + max(1, (from - anchor) / step) * step
            return stride(from: first, through: end, by: step).filter { $0 > from }
        default:
            let first = from / Self.second * Self.second
            return stride(from: first, through: end, by: Self.second).filter { $0 > from && isDue(at: $0) }
        }
    }

    private var intervalStep: Int? {
        guard cadence.text.hasSuffix("s"), let seconds = Int(cadence.text.dropLast()) else { return nil }
        return seconds * Self.second
    }

    private var cronStep: Int? {
        Int(cadence.text.dropFirst(2).prefix { $0.isNumber })
    }
}
