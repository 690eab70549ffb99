import Domain
import Foundation
import Storage

/// Which of a task's slots somebody asks for.
package struct SlotQuestion: Sendable {
    package var task: Identifier<TaskDefinition>
    /// The first instant that may be a slot; 24 hours before `until` if left out.
    package var since: Date?
    /// Slots come before it; now if left out, or later than now.
    package var until: Date?
    /// Any of them; none asks for all.
    package var verdicts: [SlotVerdict] = []

    /// All slots of the last 24 hours.
    package init(task: Identifier<TaskDefinition>) {
        self.task = task
    }
}

/// What may be asked about slots: why did it not run?
package struct SlotOperations: Sendable {
    private static let longestWindow = 366.0 * 86_400

    private let database: Database

    /// Operations on the tasks of `database`.
    package init(database: Database) {
        self.database = database
    }

    /// One verdict for every due slot of a task in the window asked for, oldest first.
    ///
    /// - Throws: `notFound`, `notOwner`, or what is wrong with the window: also that it holds too many slots.
    package func list(
        _ question: SlotQuestion, _ window: Window, as caller: Caller
    ) async throws -> Listing<SlotRecord> {
        let store = database.store
        let now = try await store.now()
        let until = min(question.until ?? now, now)
        let since = question.since ?? until - 86_400
        try Self.check(since: since, until: until)
        let records = try await ledger(of: question.task, since: since, until: until, as: caller).records
        let verdicts = Set(question.verdicts)
        let chosen = verdicts.isEmpty ? records : records.filter { verdicts.contains($0.verdict) }
        return Listing(rows: Array(chosen.dropFirst(window.offset).prefix(window.limit)), total: chosen.count)
    }

    private static func check(since: Date, until: Date) throws {
        guard since < until else {
            throw fault("since", "must be earlier than until, and than now")
        }
        guard until.timeIntervalSince(since) <= longestWindow else {
            throw fault("since", "the window must be no longer than 366 days")
        }
    }

    private static func fault(_ name: String, _ message: String) -> OperationError {
        .invalid([InputFault([.key(name)], message, type: "out_of_range", origin: .query)])
    }

    private func ledger(
        of id: Identifier<TaskDefinition>, since: Date, until: Date, as caller: Caller
    ) async throws -> SlotLedger {
        let store = database.store
        let limit = SlotLedger.mostSlots + 1
        // Executions come late: what fires meanwhile is found there, though the task was read as waiting for it.
        let task = try await store.task(id, readableBy: caller)
        let periods = try await store.schedulePeriods(of: id, since: since, until: until, limit: limit)
        let pauses = try await store.pauses(since: since)
        let runs = try await store.slotRuns(of: id, since: since, until: until, limit: limit)
        let repeats = try await store.slotRepeats(of: id, since: since, until: until, limit: limit)
        // Of what is pruned meanwhile there is no execution, but this.
        let (now, prunedBefore) = try await store.pruning(of: id)
        let evidence = SlotLedger.Evidence(
            nextRun: task.nextRun, misfireGrace: task.misfireGrace, periods: periods, pauses: pauses, runs: runs,
            repeats: repeats, prunedBefore: prunedBefore, now: now)
        guard max(periods.count, runs.count, repeats.count) < limit,
            let ledger = try? SlotLedger(evidence, since: since, until: until)  // It throws for nothing else.
        else {
            throw Self.fault(
                "since", "the window holds more than \(SlotLedger.mostSlots) slots; ask for a shorter one")
        }
        return ledger
    }
}
