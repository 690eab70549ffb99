import Foundation

/// The slots of a schedule between `starts_at` (inclusive) and `ends_at` (exclusive), to the microsecond, in the years
/// 0001 to 9999 in UTC.
package struct Slots: Sendable, Hashable {
    /// What the slots follow within the bounds.
    package let schedule: Schedule
    private let startsAt: Int
    private let endsAt: Int

    package init(schedule: Schedule, startsAt: Date? = nil, endsAt: Date? = nil) {
        self.schedule = schedule
        let years = Date.writtenYears
        self.startsAt = max(startsAt?.microseconds ?? years.lowerBound, years.lowerBound)
        self.endsAt = min(endsAt?.microseconds ?? years.upperBound, years.upperBound)
    }

    /// All slots come after this instant.
    package var begin: Date { Date(microseconds: startsAt - 1) }

    /// No slot comes after this instant.
    package var end: Date { Date(microseconds: endsAt - 1) }

    /// The first slot strictly after an instant; nil when the schedule is spent.
    package func first(after instant: Date) -> Date? {
        slot(after: instant.microseconds).map(Date.init(microseconds:))
    }

    /// Whether an instant is a slot, to the microsecond: the same instant may come as `Date`s that differ.
    package func contains(_ instant: Date) -> Bool {
        slot(after: instant.microseconds - 1) == instant.microseconds
    }

    /// The coming slots strictly after an instant, one by one as they are asked for.
    package func upcoming(after instant: Date) -> some Sequence<Date> {
        sequence(state: instant.microseconds) { last in
            guard let slot = slot(after: last) else { return nil }
            last = slot
            return Date(microseconds: slot)
        }
    }

    /// `first` in microseconds since 1970.
    package func slot(after instant: Int) -> Int? {
        guard let slot = schedule.slot(after: max(instant, startsAt - 1)), slot < endsAt else { return nil }
        return slot
    }

    /// The newest slots, at most `limit`, from one instant through another (both inclusive), oldest first.
    ///
    /// The cost grows with `limit`, not with the length of the window.
    func latest(_ limit: Int, from: Int, through: Int) -> [Int] {
        let first = max(from, startsAt)
        let end = min(through + 1, endsAt)
        guard limit > 0, first < end else { return [] }
        if case .interval(let interval, let anchor, let includesAnchor) = schedule {
            let length = interval.seconds * 1_000_000
            let anchor = anchor.microseconds
            let newest = CivilDate.floorDivide(end - 1 - anchor, by: length)
            let oldest = -CivilDate.floorDivide(anchor - first, by: length)
            let lowest = max(oldest, newest - limit + 1, includesAnchor ? 0 : 1)
            return lowest > newest ? [] : (lowest...newest).map { anchor + $0 * length }
        }
        return newest(limit, from: first, before: end)
    }

    /// Widens a window backwards by doubling until it holds enough: no schedule has two slots within a second.
    private func newest(_ limit: Int, from: Int, before end: Int) -> [Int] {
        var found: [Int] = []
        var begin = end
        var width = limit * 1_000_000
        while begin > from, found.count < limit {
            let earlier = max(from, begin - width)
            found = newestInDense(limit - found.count, from: earlier, before: begin) + found
            begin = earlier
            width *= 2
        }
        return found
    }

    /// Walks a window forwards; where that would take many more steps than are wanted, the newer half comes first.
    private func newestInDense(_ limit: Int, from: Int, before end: Int) -> [Int] {
        var found: [Int] = []
        var last = from - 1
        while let slot = slot(after: last), slot < end {
            found.append(slot)
            last = slot
            guard found.count <= 4 * limit + 16 else {
                let middle = from + (end - from) / 2
                let newer = newestInDense(limit, from: middle, before: end)
                if newer.count == limit { return newer }
                return newestInDense(limit - newer.count, from: from, before: middle) + newer
            }
        }
        return found.suffix(limit)
    }
}
