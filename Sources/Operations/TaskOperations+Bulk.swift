import Domain
import Foundation
import Storage

extension TaskOperations {
    /// No more tasks are changed at once.
    private static let bulkLimit = 10_000
    /// So many at a time are read, changed and told of: tasks can be large.
    private static let bulkBatch = 250

    /// Does something to all tasks of a choice, or to none; by tags one's own are chosen, by superusers everybody's.
    ///
    /// - Returns: how many tasks were chosen.
    /// - Throws: `notFound` when an id names no task that the caller may change; `roleRequired`; `invalid` for too
    /// many.
    package func bulk(_ action: BulkAction, _ choice: BulkChoice, as caller: Caller) async throws -> Int {
        let count = try await database.transaction { store in
            let chosen = try await chosen(choice, as: caller, store)
            // All at the same instant, as one change.
            let now = try await store.now()
            for start in stride(from: 0, to: chosen.count, by: Self.bulkBatch) {
                let batch = chosen[start..<min(start + Self.bulkBatch, chosen.count)]
                let tasks = try await store.tasks(Array(batch))
                switch action {
                case .pause: try await setActive(false, tasks, at: now, as: caller, store)
                case .resume: try await setActive(true, tasks, at: now, as: caller, store)
                case .delete:
                    try await store.deleteTasks(tasks.map(\.id))
                    try await store.record(tasks.map { (.deletion(of: $0, "task.bulk_delete"), caller) })
                }
            }
            return chosen.count
        }
        if count > 0 { announcer.announce(action == .delete ? .wishes : .due) }
        return count
    }

    /// The tasks of a choice, locked; others' are not even waited for.
    private func chosen(
        _ choice: BulkChoice, as caller: Caller, _ store: Store
    ) async throws -> [Identifier<TaskDefinition>] {
        let account = try caller.accountThatMayChange()
        let owner = account.role == .superuser ? nil : account.id
        switch choice {
        case .ids(let ids):
            let tasks = try await store.lockTasks(choice, of: owner, limit: ids.count)
            guard tasks.count == ids.count else {
                throw OperationError.refused(.notFound, "Not all of these ids are of tasks of yours; none was changed.")
            }
            return tasks
        case .tagged:
            let tasks = try await store.lockTasks(choice, of: owner, limit: Self.bulkLimit + 1)
            guard tasks.count <= Self.bulkLimit else {
                throw OperationError.invalid([
                    InputFault(["tags"], "more than \(Self.bulkLimit) tasks carry them; name further tags")
                ])
            }
            return tasks
        }
    }

    private func setActive(
        _ isActive: Bool, _ tasks: [TaskDefinition], at now: Date, as caller: Caller, _ store: Store
    ) async throws {
        var draft = TaskDraft()
        draft.isActive = .value(isActive)
        if rules.asksForRuns(draft) {
            for kind in Set(tasks.map(\.action.kind)) { try rules.checkMayMake(kind, as: caller) }
        }
        let resting = try await store.tasksAtRest(
            among: tasks.map(\.id), commandRoles: rules.commandRoles)
        let changes = try tasks.map { task in
            try rules.change(task, draft, ownerStands: !resting.contains(task.id), at: now)
        }
        let word = isActive ? "task.bulk_resume" : "task.bulk_pause"
        let told = zip(tasks, changes).compactMap { AuditEntry.change(of: $0, to: $1.task, word) }
        try await store.setStanding(of: changes.filter(\.changesAnything).map(\.task), at: now)
        try await store.rememberSchedules(
            of: changes.filter(\.changesSchedule).map(\.task.id), at: now, commandRoles: rules.commandRoles)
        try await store.record(told.map { ($0, caller) })
    }
}
