/// The changes of one zone's offset, in order, the rule for the future already worked out.
struct ZoneTable: Sendable, Equatable {
    struct Transition: Sendable, Equatable {
        /// Seconds since 1970.
        let instant: Int
        /// Seconds east of Greenwich from then on.
        let offset: Int
    }

    let initialOffset: Int
    private(set) var transitions: [Transition] = []
    /// From this instant on, the transitions of 400 years repeat for ever; nil if nothing changes any more.
    private(set) var repeatsFrom: Int?

    init(initialOffset: Int) {
        self.initialOffset = initialOffset
    }

    private var lastOffset: Int { transitions.last?.offset ?? initialOffset }

    /// Adds a change that lies after all earlier ones; false if it does not.
    mutating func append(_ instant: Int, offset: Int) -> Bool {
        if let last = transitions.last {
            guard instant >= last.instant else { return false }
            // Of two changes at one instant the later one counts.
            if instant == last.instant { transitions.removeLast() }
        }
        // What changes only a name or the daylight saving mark is no change of offset.
        if offset != lastOffset { transitions.append(Transition(instant: instant, offset: offset)) }
        return true
    }

    /// Works out 400 years of a rule that takes over where the stated changes end.
    mutating func extend(by rule: PosixRule, after lastStated: Int?) {
        guard let saving = rule.saving else { return }
        let lastDay = CivilDate.floorDivide(lastStated ?? Int.min, by: CivilDate.secondsPerDay)
        let firstYear = max(1, CivilDate(dayNumber: lastDay).year)
        let floor = lastStated ?? Int.min
        let ceiling = Self.newYear(firstYear + 403)
        var changes: [Transition] = []
        for year in firstYear - 1...firstYear + 404 {
            changes.append(Transition(instant: saving.start.second(in: year) - rule.offset, offset: saving.offset))
            changes.append(Transition(instant: saving.end.second(in: year) - saving.offset, offset: rule.offset))
        }
        // Where saving lasts all year its end falls on its next start, which must win.
        changes.sort {
            ($0.instant, $0.offset == saving.offset ? 1 : 0) < ($1.instant, $1.offset == saving.offset ? 1 : 0)
        }
        for change in changes where change.instant > floor && change.instant < ceiling {
            _ = append(change.instant, offset: change.offset)
        }
        let start = Self.newYear(firstYear + 2)
        if let last = transitions.last, last.instant > start { repeatsFrom = start }
    }

    private static func newYear(_ year: Int) -> Int {
        CivilDate(year: year, month: 1, day: 1).dayNumber * CivilDate.secondsPerDay
    }
}
