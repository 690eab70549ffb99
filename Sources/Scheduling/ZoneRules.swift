import Foundation
import Synchronization

/// The offsets of one time zone, past and to come, as the system's tz database states them (TZif, RFC 9636).
///
/// Each zone is read once per process. The table reaches 400 years past the last stated change; since the Gregorian
/// calendar repeats after that, later instants are looked up in the table too.
package final class ZoneRules: Sendable {
    /// The name as it was asked for: a zone or a link of the tz database.
    package let name: String

    /// When each segment of constant offset begins, in seconds since 1970; the first begins before all time.
    private let starts: [Int]
    private let offsets: [Int]
    /// For each segment, the local time up to which the clock had already run before the segment began.
    private let freshFroms: [Int]
    /// From here on the table repeats every 400 years; nil for a zone whose offset no longer changes.
    private let repeatsFrom: Int?

    private static let secondsPerCycle = CivilDate.daysPerCycle * CivilDate.secondsPerDay
    private static let beforeAllTime = Int.min / 4
    private static let afterAllTime = Int.max / 4
    private static let known = Mutex<[String: ZoneRules]>([:])

    /// Coordinated Universal Time, needing no database.
    package static let utc = ZoneRules(name: "UTC", ZoneTable(initialOffset: 0))

    init(name: String, _ table: ZoneTable) {
        self.name = name
        starts = [Self.beforeAllTime] + table.transitions.map(\.instant)
        offsets = [table.initialOffset] + table.transitions.map(\.offset)
        var reached = Self.beforeAllTime
        var freshFroms = [reached]
        for index in starts.indices.dropFirst() {
            reached = max(reached, starts[index] + offsets[index - 1])
            freshFroms.append(reached)
        }
        self.freshFroms = freshFroms
        repeatsFrom = table.repeatsFrom
    }

    /// The zone of that exact name, at most 50 characters.
    ///
    /// Refuses whatever is not spelled as a zone or link of the tz database: abbreviations, offsets, other spellings,
    /// paths, and the variants and pointers that systems keep beside the zones (`posix/…`, `right/…`, `localtime`).
    package static func named(_ name: String) throws(ZoneError) -> ZoneRules {
        if name == "UTC" { return utc }
        if let zone = known.withLock({ $0[name] }) { return zone }
        let zone = try ZoneRules(name: name, ZoneDatabase.table(of: name))
        return known.withLock { zones in
            if let earlier = zones[name] { return earlier }
            zones[name] = zone
            return zone
        }
    }

    /// A stretch of time with one offset.
    struct Segment: Sendable, Equatable {
        let start: Int
        let end: Int
        let offset: Int
        /// Local times before this one were passed before the segment began: here they come again.
        let freshFrom: Int
    }

    /// The segment that holds an instant in seconds since 1970.
    @inline(__always)
    func segment(at second: Int) -> Segment {
        guard let repeatsFrom, second >= repeatsFrom + Self.secondsPerCycle else {
            return segment(at: second, shift: 0)
        }
        let shift = (second - repeatsFrom) / Self.secondsPerCycle * Self.secondsPerCycle
        return segment(at: second - shift, shift: shift)
    }

    @inline(__always)
    private func segment(at second: Int, shift: Int) -> Segment {
        starts.withUnsafeBufferPointer { starts in
            var low = 0
            var high = starts.count
            while high - low > 1 {
                let middle = (low + high) >> 1
                if starts[middle] <= second { low = middle } else { high = middle }
            }
            return Segment(
                start: starts[low] + shift, end: high < starts.count ? starts[high] + shift : Self.afterAllTime,
                offset: offsets[low], freshFrom: freshFroms[low] + shift)
        }
    }

    /// The instant of a local time given in seconds: the first pass where it comes twice, the end of the gap where it
    /// does not come at all.
    func second(ofLocal local: Int) -> Int {
        // No offset reaches 26 hours, so no later segment can hold an earlier pass.
        var segment = segment(at: local - 26 * 3_600)
        while local - segment.offset >= segment.end {
            segment = self.segment(at: segment.end)
        }
        return max(local - segment.offset, segment.start)
    }
}

extension ZoneRules: Hashable {
    package static func == (left: ZoneRules, right: ZoneRules) -> Bool {
        left.name == right.name
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(name)
    }
}

extension ZoneRules: CustomStringConvertible {
    /// The zone's name.
    package var description: String { name }
}
