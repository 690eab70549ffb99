/// What became of the slots.
extension Evidence {
    func slotPromises() -> [Promise] {
        [everySlotHasItsVerdict(), slotsAreOnSchedule(), noSlotIsEarly(), skipsHaveTheirReason()]
    }

    /// Slots that a change of the task, or the bound on catch-up, left without an execution are explained; nothing else
    /// is. A task that nobody changed has only the change at the very end.
    private func everySlotHasItsVerdict() -> Promise {
        var promise = Promise("every due slot has exactly one verdict")
        for task in tables.tasks {
            let rows = (tables.byTask[task.id] ?? []).filter(\.isSlot)
            let verdicts = Dictionary(grouping: rows, by: \.slot)
            for period in tables.periods[task.id] ?? [] {
                let due = period.slots(until: period.until ?? tables.now)
                let last = due.lastIndex { verdicts[$0] != nil }
                for (index, slot) in due.enumerated() {
                    let count = verdicts[slot]?.count ?? 0
                    let isExplained =
                        count == 0
                        && (isDropped(slot, by: period, of: task, isAfterLast: last.map { index > $0 } ?? true)
                            || isBeyondCatchUp(due[(index + 1)...], verdicts))
                    promise.check(count == 1 || isExplained) {
                        "task \(task.id) (\(task.name)): slot \(slot.asInstant) has \(count) executions with trigger schedule"
                            + " (period \(period.from.asInstant) to \(period.until?.asInstant ?? "now"), "
                            + "\(period.cadence.text))" + (verdicts[slot] ?? []).map { "\n      \($0)" }.joined()
                    }
                }
            }
        }
        return promise
    }

    /// A change counts from its moment: what was due before it and not yet taken up fires no more.
    private func isDropped(_ slot: Int, by period: PeriodRow, of task: TaskRow, isAfterLast: Bool) -> Bool {
        guard isAfterLast, let until = period.until else { return false }
        // At the end all servers are well: only a slot of the last moment can be too young to have been taken up.
        return !quiet.contains(task.id) || until - slot < 5_000_000
    }

    /// Of slots missed at once the newest hundred are recorded; older ones keep no execution.
    private func isBeyondCatchUp(_ later: ArraySlice<Int>, _ verdicts: [Int: [ExecutionRow]]) -> Bool {
        let recorded = later.drop { verdicts[$0] == nil }.prefix(99)
        return recorded.count == 99
            && recorded.allSatisfy {
                verdicts[$0]?.first?.reason == "misfire" || verdicts[$0]?.first?.status != "skipped"
            }
    }

    private func slotsAreOnSchedule() -> Promise {
        var promise = Promise("no slot is doubled, and none is off its schedule")
        for (task, rows) in tables.byTask {
            let periods = tables.periods[task] ?? []
            for (slot, executions) in Dictionary(grouping: rows.filter(\.isSlot), by: \.slot) {
                promise.check(executions.count == 1) {
                    "task \(task): slot \(slot.asInstant) is doubled" + executions.map { "\n      \($0)" }.joined()
                }
                // A clock that is stepped back ends a period before slots that it has already seen.
                let isDue = periods.contains { period in
                    period.isActive && slot > period.from && period.isDue(at: slot)
                        && period.until.map { slot <= $0 + steppedBack } ?? true
                }
                promise.check(isDue) { "task \(task): slot \(slot.asInstant) is not on its schedule: \(executions[0])" }
            }
        }
        return promise
    }

    /// Servers prepare a firing before its slot. Judged by the database's clock, and therefore only from when it went
    /// back no more.
    private func noSlotIsEarly() -> Promise {
        var promise = Promise("no slot fires before its time")
        let steadySince = clock.steadySince
        for row in tables.executions where row.isSlot && row.createdAt > steadySince {
            promise.check(row.createdAt >= row.slot) { "early: \(row)" }
        }
        return promise
    }

    /// Judged by the database's clock, and therefore only from when it went back no more.
    private func skipsHaveTheirReason() -> Promise {
        var promise = Promise("every skipped slot met an unfinished run, or was late beyond its grace")
        let tasks = tasks
        let steadySince = clock.steadySince
        for row in tables.executions where row.status == "skipped" && row.createdAt > steadySince {
            guard let task = tasks[row.task] else { continue }
            switch row.reason {
            case "misfire":
                promise.check(row.createdAt - row.slot >= max(task.grace, 1) * 1_000_000) { "not late: \(row)" }
            case "overlap":
                let met = (tables.byTask[row.task] ?? []).contains { other in
                    other.id != row.id && other.status != "skipped" && other.createdAt <= row.createdAt
                        && (other.endedAt ?? .max) >= row.createdAt
                }
                promise.check(met && task.overlap == "skip") { "met no unfinished run: \(row)" }
            default:
                promise.check(false) { "no known reason: \(row)" }
            }
        }
        return promise
    }
}
