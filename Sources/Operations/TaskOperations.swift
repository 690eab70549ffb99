import Domain
import Foundation
import Scheduling
import Storage

/// What may be asked of tasks.
package struct TaskOperations: Sendable {
    let database: Database
    let announcer: Announcer
    let rules: TaskRules
    private let onCancelled: CancellationObserver
    private let runs: RunRequests

    /// Operations on the tasks of `database`, under `rules`.
    package init(
        database: Database, announcer: Announcer, rules: TaskRules, onCancelled: @escaping CancellationObserver
    ) {
        self.database = database
        self.announcer = announcer
        self.rules = rules
        self.onCancelled = onCancelled
        runs = RunRequests(database: database, announcer: announcer, rules: rules, onCancelled: onCancelled)
    }

    /// Makes a task and schedules it at once.
    ///
    /// - Throws: `OperationError.invalid` with every fault, or `roleRequired`.
    package func create(_ draft: TaskDraft, as caller: Caller) async throws -> TaskDefinition {
        let owner = try rules.checkMayMake(draft.kind.or(.command), as: caller)
        let now = try await database.store.now()
        var draft = draft
        draft.faults += try await database.store.dependencyFaults(of: draft, as: caller)
        let task = try rules.newTask(draft, owner: owner, at: now)
        try await database.transaction { store in
            // Whoever asks may have been disabled or demoted since they were admitted.
            if let owner = owner.id { try rules.checkMayOwn(task, try await store.keepUser(owner)) }
            try await store.insert(task)
            try await store.rememberSchedules(of: [task.id], at: now, commandRoles: rules.commandRoles)
            try await store.record(.creation(of: task), by: caller)
        }
        announcer.announce(.due)
        return task
    }

    /// The tasks that the caller may read and `filter` lets through, newest first.
    ///
    /// - Throws: `notAuthenticated` for nobody.
    package func list(
        _ filter: TaskFilter, _ window: Window, as caller: Caller
    ) async throws -> Listing<TaskDefinition> {
        // No task of this version belongs to a goal.
        guard filter.goal == nil else { return Listing(rows: [], total: 0) }
        var filter = filter
        if let readable = try caller.readableOwner {
            guard filter.owner == nil || filter.owner == readable else { return Listing(rows: [], total: 0) }
            filter.owner = readable
        }
        let listing = try await database.store.tasks(filter, window)
        return Listing(rows: listing.rows.map { $0.shown(to: caller) }, total: listing.total)
    }

    /// The task, if the caller may read it.
    ///
    /// - Throws: `notFound`, `notOwner`.
    package func find(_ id: Identifier<TaskDefinition>, as caller: Caller) async throws -> TaskDefinition {
        try await database.store.task(id, readableBy: caller).shown(to: caller)
    }

    /// Reads a change, whatever task it is meant for: what is wrong with it by itself is told before anybody asks
    /// whether the task exists and whose it is.
    ///
    /// - Throws: every fault that can be told without the task.
    package func check(change draft: TaskDraft) throws(InputFaults) -> CheckedChange {
        let faults = rules.faults(ofChange: draft)
        guard faults.isEmpty else { throw InputFaults(faults) }
        return CheckedChange(draft)
    }

    /// Changes what the draft names; a changed schedule counts from now.
    ///
    /// - Throws: `notFound`, `notOwner`, `roleRequired`, or what is at fault together with the rest of the task.
    package func update(
        _ id: Identifier<TaskDefinition>, with change: CheckedChange, as caller: Caller
    ) async throws -> TaskDefinition {
        try await update(id, with: change, "task.update", as: caller)
    }

    private func update(
        _ id: Identifier<TaskDefinition>, with change: CheckedChange, _ action: String, as caller: Caller
    ) async throws -> TaskDefinition {
        let draft = change.draft
        let made = try await database.transaction { store in
            let before = try await store.lockedTask(id, changeableBy: caller)
            if rules.asksForRuns(draft) { try rules.checkMayMake(before.action.kind, as: caller) }
            let made = try await apply(draft, to: before, as: caller, store)
            if let entry = AuditEntry.change(of: before, to: made.task, action) {
                try await store.record(entry, by: caller)
            }
            return made
        }
        announce(made.followUps)
        follow(made.cancelled)
        return made.task
    }

    /// Stops the task's schedule; runs in progress go on.
    package func pause(_ id: Identifier<TaskDefinition>, as caller: Caller) async throws {
        var draft = TaskDraft()
        draft.isActive = .value(false)
        _ = try await update(id, with: CheckedChange(draft), "task.pause", as: caller)
    }

    /// Takes the task's schedule up again from now.
    package func resume(_ id: Identifier<TaskDefinition>, as caller: Caller) async throws {
        var draft = TaskDraft()
        draft.isActive = .value(true)
        _ = try await update(id, with: CheckedChange(draft), "task.resume", as: caller)
    }

    /// Removes the task with its executions; a run in progress is killed.
    package func delete(_ id: Identifier<TaskDefinition>, as caller: Caller) async throws {
        try await database.transaction { store in
            let task = try await store.lockedTask(id, changeableBy: caller)
            _ = try await store.deleteTask(id)
            try await store.record(.deletion(of: task), by: caller)
        }
        announcer.announce(.wishes)
    }

    /// Asks for a run of the task now.
    ///
    /// - Throws: `notFound`, `notOwner`, `roleRequired`, `taskCancelled`, `dependenciesUnsatisfied`, `queueFull`.
    package func execute(
        _ id: Identifier<TaskDefinition>, as caller: Caller
    ) async throws -> Identifier<Execution> {
        try await runs.record(RunRequest(of: id, .execute, as: caller))
    }

    /// Asks for a new run in place of one that has ended.
    ///
    /// - Throws: as `execute`; `invalidTransition` while the old one has not ended.
    package func rerun(
        _ execution: Identifier<Execution>, of task: Identifier<TaskDefinition>, as caller: Caller
    ) async throws -> Identifier<Execution> {
        try await runs.record(RunRequest(of: task, .rerun(of: execution), as: caller))
    }

    /// Asks for a run of the task from outside, with the rights of the caller, or of the task's owner for whoever knows
    /// its secret.
    ///
    /// - Parameter secrets: what the caller takes for the secret.
    /// - Throws: `invalidWebhookToken` for strangers, also where there is no such task; as `execute`.
    package func trigger(
        _ id: Identifier<TaskDefinition>, knowing secrets: [String], as caller: Caller
    ) async throws -> Identifier<Execution> {
        let owner = try await database.store.ownerOfWebhook(id, knowing: secrets, as: caller)
        return try await runs.record(RunRequest(of: id, .webhook, as: caller.knownByWebhook, withRightsOf: owner))
    }

    private func apply(
        _ draft: TaskDraft, to before: TaskDefinition, as caller: Caller, _ store: Store
    ) async throws -> (task: TaskDefinition, followUps: [Announcement], cancelled: Cancellation) {
        let now = try await store.now()
        let ownerStands = try await ownerStands(before, store)
        var draft = draft
        draft.faults += try await store.dependencyFaults(of: draft, changing: before, as: caller)
        let change = try rules.change(before, draft, ownerStands: ownerStands, at: now)
        var followUps: [Announcement] = []
        if change.changesAnything {
            try await store.update(change.task, timingChangedAt: change.timingChanged ? now : nil, at: now)
        }
        if change.changesSchedule {
            try await store.rememberSchedules(of: [before.id], at: now, commandRoles: rules.commandRoles)
            followUps.append(.due)
        }
        let cancelled =
            draft.cancels
            ? try await store.cancelUnfinished(of: [before.id], reason: .taskCancelled) : Cancellation()
        // Whoever may run what waits has changed.
        if change.task.requires != before.requires { followUps.append(.work) }
        // What waited for the run in progress may start beside it.
        if change.task.overlapPolicy == .allow, before.overlapPolicy != .allow { followUps.append(.work) }
        guard let task = try await store.task(before.id) else { throw OperationError.noTask }
        return (task, followUps, cancelled)
    }

    /// Whether the owner may run the task: else it rests.
    private func ownerStands(_ task: TaskDefinition, _ store: Store) async throws -> Bool {
        guard let id = task.ownerID else { return rules.commandRoles.mayRun(task.action.kind, ofOwner: nil) }
        guard let owner = try await store.user(id)?.user else { return false }
        return owner.isActive && rules.commandRoles.mayRun(task.action.kind, ofOwner: owner.role)
    }

    private func follow(_ cancellation: Cancellation) {
        onCancelled(cancellation.ended)
        if cancellation.hasWishes { announcer.announce(.wishes) }
        if cancellation.owesMessages { announcer.announce(.deliveries) }
    }

    private func announce(_ announcements: [Announcement]) {
        for announcement in announcements { announcer.announce(announcement) }
    }
}

/// A change of some task without faults of its own.
package struct CheckedChange: Sendable {
    let draft: TaskDraft

    fileprivate init(_ draft: TaskDraft) {
        self.draft = draft
    }
}
