import Actions
import Domain
import Foundation
import Scheduling

/// A task as it will be, and what that means for its schedule.
struct TaskChange {
    let task: TaskDefinition
    let changesAnything: Bool
    let timingChanged: Bool
    /// Whether the history of schedules needs a new row.
    let changesSchedule: Bool
}

/// What a change makes of a task.
extension TaskRules {
    /// Whether a draft would have the task run, now or later: stopping one's tasks needs no right to run commands.
    func asksForRuns(_ draft: TaskDraft) -> Bool {
        !draft.parameters.isEmpty || draft.touchesTiming || draft.isActive.or(false)
    }

    /// Everything wrong with a change that can be told without the task: what could not be read, and what is wrong by
    /// itself. What depends on the rest of the task is left to `change`.
    package func faults(ofChange draft: TaskDraft) -> [InputFault] {
        var faults = draft.faults + callbackFaults(of: draft)
        let change = draft.parameters.filter { $0.value != .null }
        var actionFaults: [InputFault] = []
        collect(&actionFaults) { () throws(InputFaults) in try catalog.check(change: change, of: .command) }
        faults += actionFaults.filter { fault in
            guard case .key(let key) = fault.place.first else { return false }
            return draft.parameters[TextKey(key)] != nil
        }
        let parts = TimingParts(
            kind: draft.scheduleKind.optional, text: draft.schedule.optional, timezone: draft.timezone.optional,
            startsAt: draft.startsAt.or(nil), endsAt: draft.endsAt.or(nil))
        faults += parts.faults.map(InputFault.init)
        return faults.firstOfEachPlace
    }

    /// What a draft makes of a task; whatever is at fault with it, beside the faults that it holds already, is told.
    func change(
        _ before: TaskDefinition, _ draft: TaskDraft, ownerStands: Bool, at now: Date
    ) throws -> TaskChange {
        var faults = draft.faults + callbackFaults(of: draft)
        var task = before
        if draft.kind.isSent, draft.kind.or(before.action.kind) != before.action.kind {
            faults.append(InputFault(["task_type"], "a task's type cannot be changed"))
        }
        if !draft.parameters.isEmpty {
            if let action = collect(
                &faults,
                { () throws(InputFaults) in
                    let accepted = try catalog.accept(draft.parameters, of: before.action)
                    return try sealed(accepted, of: before.id, stored: before.action.sealed)
                })
            {
                task.action = action
            }
        }
        if draft.touchesTiming,
            let timing = collect(
                &faults,
                { () throws(InputFaults) in
                    try changedTiming(of: before, draft, at: now)
                })
        {
            task.timing = timing
        }
        guard faults.isEmpty else { throw OperationError.invalid(faults.firstOfEachPlace) }
        applyPlainFields(of: draft, to: &task)
        applyStanding(of: draft, to: &task)
        return try scheduled(task, before: before, draft: draft, ownerStands: ownerStands, at: now)
    }

    private func applyPlainFields(of draft: TaskDraft, to task: inout TaskDefinition) {
        task.name = draft.name.or(task.name)
        task.description = draft.description.or(task.description)
        task.misfirePolicy = draft.misfirePolicy.or(task.misfirePolicy)
        task.misfireGrace = draft.misfireGrace.or(task.misfireGrace)
        task.jitter = draft.jitter.or(task.jitter)
        task.overlapPolicy = draft.overlapPolicy.or(task.overlapPolicy)
        task.timeout = draft.timeout.or(task.timeout)
        task.retryPolicy.maxRetries = draft.maxRetries.or(task.retryPolicy.maxRetries)
        task.retryPolicy.delay = draft.retryDelay.or(task.retryPolicy.delay)
        task.retryPolicy.backoff = draft.retryBackoff.or(task.retryPolicy.backoff)
        task.priority = draft.priority.or(task.priority)
        task.requires = draft.requires.or(task.requires).inOrder(of: task.requires)
        task.tags = draft.tags.or(task.tags).inOrder(of: task.tags)
        task.metadata = draft.metadata.or(task.metadata)
        task.dependencies = draft.dependencies.or(task.dependencies)?.eachOnce
        if draft.callbackURL.isSent { task.callbackURL = draft.callbackURL.or(nil)?.text }
    }

    private func applyStanding(of draft: TaskDraft, to task: inout TaskDefinition) {
        if draft.cancels {
            task.status = .cancelled
            task.isActive = false
        } else if task.status != .cancelled {
            task.isActive = draft.isActive.or(task.isActive)
        } else if draft.isActive.or(false) {
            task.status = .pending
            task.isActive = true
        }
    }

    private func scheduled(
        _ task: TaskDefinition, before: TaskDefinition, draft: TaskDraft, ownerStands: Bool, at now: Date
    ) throws -> TaskChange {
        var task = task
        let timingChanged = task.timing != before.timing
        let isCancelled = task.status == .cancelled
        let standingChanged = task.isActive != before.isActive || isCancelled != (before.status == .cancelled)
        if timingChanged || standingChanged {
            // Only a new schedule fires for the past: a once time that passed during a pause is spent.
            let isNew =
                task.timing.kind != before.timing.kind || task.timing.text != before.timing.text
                || task.timing.onceAt?.microseconds != before.timing.onceAt?.microseconds
            task.nextRun = task.isActive && ownerStands ? try firstSlot(of: task.timing, isNew: isNew, at: now) : nil
        }
        return TaskChange(
            task: task, changesAnything: task != before, timingChanged: timingChanged,
            changesSchedule: timingChanged || standingChanged)
    }
}

extension [String] {
    /// The other, where it holds the same and only the order differs, which means nothing.
    fileprivate func inOrder(of other: Self) -> Self {
        map { TextKey($0) }.sorted() == other.map { TextKey($0) }.sorted() ? other : self
    }
}
