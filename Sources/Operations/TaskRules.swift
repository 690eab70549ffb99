import Actions
import Domain
import Foundation
import Scheduling

/// What a task must be to be stored: the rules that need no database.
package struct TaskRules: Sendable {
    private let catalog: ActionCatalog
    private let commandRoles: Set<Role>
    private let retryDelay: Int

    /// Rules of an installation.
    ///
    /// - Parameters:
    ///   - commandRoles: who may make and run command tasks.
    ///   - retryDelay: the default of `retry_delay`, seconds.
    package init(catalog: ActionCatalog, commandRoles: Set<Role>, retryDelay: Int) {
        self.catalog = catalog
        self.commandRoles = commandRoles
        self.retryDelay = retryDelay
    }

    func checkMayMake(_ kind: ActionKind, as user: User) throws {
        guard kind != .command || commandRoles.contains(user.role) else {
            throw OperationError.refused(.roleRequired, "Your role may not make or run command tasks here.")
        }
    }

    /// The task that a draft asks for, with its first slot.
    func newTask(_ draft: TaskDraft, owner: User, at now: Date) throws -> TaskDefinition {
        var faults = draft.faults
        let kind = draft.kind.or(.command)
        let action = collect(&faults) { () throws(InputFaults) in
            try catalog.accept(Action(kind: kind, parameters: draft.parameters.filter { $0.value != .null }))
        }
        if !draft.name.isSent { faults.append(InputFault(["name"], "a task needs a name", type: "missing")) }
        if !draft.schedule.isSent {
            faults.append(InputFault(["schedule"], "a command task needs a schedule", type: "missing"))
        }
        let timing = collect(&faults) { () throws(InputFaults) in try newTiming(draft, at: now) }
        guard faults.isEmpty, let action, case .some(.some(let timing)) = timing else {
            throw OperationError.invalid(faults.firstOfEachPlace)
        }
        let isActive = draft.isActive.or(true)
        return TaskDefinition(
            id: Identifier(), ownerID: owner.id, ownerUsername: owner.username, name: draft.name.or(""),
            description: draft.description.or(nil), action: action, timing: timing,
            misfirePolicy: draft.misfirePolicy.or(.fireOnce), misfireGrace: draft.misfireGrace.or(60),
            overlapPolicy: draft.overlapPolicy.or(.skip), timeout: draft.timeout.or(300),
            retryPolicy: RetryPolicy(
                maxRetries: draft.maxRetries.or(3), delay: draft.retryDelay.or(retryDelay),
                backoff: draft.retryBackoff.or(.fixed)),
            priority: draft.priority.or(5), requires: draft.requires.or([]), tags: draft.tags.or([]),
            metadata: draft.metadata.or(nil), isActive: isActive, status: .pending, retryCount: 0,
            nextRun: isActive ? try timing.firstSlot(isNew: true, at: now) : nil, lastRun: nil, createdAt: now,
            updatedAt: now)
    }

    /// Whether a draft would have the task run, now or later: stopping one's tasks needs no right to run commands.
    func asksForRuns(_ draft: TaskDraft) -> Bool {
        !draft.parameters.isEmpty || draft.touchesTiming || draft.isActive.or(false)
    }

    /// Everything wrong with a change that can be told without the task: what could not be read, and what is wrong by
    /// itself. What depends on the rest of the task is left to `change`.
    func faults(ofChange draft: TaskDraft) -> [InputFault] {
        var faults = draft.faults
        let action = Action(kind: .command, parameters: draft.parameters.filter { $0.value != .null })
        var actionFaults: [InputFault] = []
        collect(&actionFaults) { () throws(InputFaults) in try catalog.accept(action) }
        faults += actionFaults.filter { fault in
            guard case .key(let key) = fault.place.first else { return false }
            return draft.parameters[key] != nil
        }
        let parts = TimingParts(
            kind: draft.scheduleKind.optional, text: draft.schedule.optional, timezone: draft.timezone.optional,
            startsAt: draft.startsAt.or(nil), endsAt: draft.endsAt.or(nil))
        faults += parts.faults.map(InputFault.init)
        return faults.firstOfEachPlace
    }

    /// What a draft without faults of its own makes of a task.
    func change(
        _ before: TaskDefinition, _ draft: TaskDraft, ownerIsActive: Bool, at now: Date
    ) throws -> TaskChange {
        var faults: [InputFault] = []
        var task = before
        if draft.kind.isSent, draft.kind.or(before.action.kind) != before.action.kind {
            faults.append(InputFault(["task_type"], "a task's type cannot be changed"))
        }
        if !draft.parameters.isEmpty {
            let merged = before.action.parameters.merging(draft.parameters) { $1 }.filter { $0.value != .null }
            if let action = collect(
                &faults,
                { () throws(InputFaults) in
                    try catalog.accept(Action(kind: before.action.kind, parameters: merged))
                })
            {
                task.action = action
            }
        }
        if draft.touchesTiming,
            let timing = collect(
                &faults,
                { () throws(InputFaults) in
                    try changedTiming(before.timing, draft, at: now)
                })
        {
            task.timing = timing
        }
        guard faults.isEmpty else { throw OperationError.invalid(faults.firstOfEachPlace) }
        applyPlainFields(of: draft, to: &task)
        applyStanding(of: draft, to: &task)
        return try scheduled(task, before: before, draft: draft, ownerIsActive: ownerIsActive, at: now)
    }

    private func applyPlainFields(of draft: TaskDraft, to task: inout TaskDefinition) {
        task.name = draft.name.or(task.name)
        task.description = draft.description.or(task.description)
        task.misfirePolicy = draft.misfirePolicy.or(task.misfirePolicy)
        task.misfireGrace = draft.misfireGrace.or(task.misfireGrace)
        task.overlapPolicy = draft.overlapPolicy.or(task.overlapPolicy)
        task.timeout = draft.timeout.or(task.timeout)
        task.retryPolicy.maxRetries = draft.maxRetries.or(task.retryPolicy.maxRetries)
        task.retryPolicy.delay = draft.retryDelay.or(task.retryPolicy.delay)
        task.retryPolicy.backoff = draft.retryBackoff.or(task.retryPolicy.backoff)
        task.priority = draft.priority.or(task.priority)
        task.requires = draft.requires.or(task.requires)
        task.tags = draft.tags.or(task.tags)
        task.metadata = draft.metadata.or(task.metadata)
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
        _ task: TaskDefinition, before: TaskDefinition, draft: TaskDraft, ownerIsActive: Bool, at now: Date
    ) throws -> TaskChange {
        var task = task
        let timingChanged = task.timing != before.timing
        let isCancelled = task.status == .cancelled
        let standingChanged = task.isActive != before.isActive || isCancelled != (before.status == .cancelled)
        if timingChanged || standingChanged {
            // Only a new schedule fires for the past: a once time that passed during a pause is spent.
            let isNew = task.timing.kind != before.timing.kind || task.timing.text != before.timing.text
            task.nextRun = task.isActive && ownerIsActive ? try task.timing.firstSlot(isNew: isNew, at: now) : nil
        }
        return TaskChange(
            task: task, changesAnything: task != before, timingChanged: timingChanged,
            changesSchedule: timingChanged || standingChanged)
    }

    private func newTiming(_ draft: TaskDraft, at now: Date) throws(InputFaults) -> TaskTiming? {
        let zone = draft.timezone.or("UTC")
        // Of a kind that cannot be read nothing is known, not that it is the default.
        let kind = draft.scheduleKind.optional ?? (draft.hasFault(at: "schedule_type") ? nil : .cron)
        let parts = TimingParts(
            kind: kind, text: draft.schedule.optional, timezone: zone, startsAt: draft.startsAt.or(nil),
            endsAt: draft.endsAt.or(nil))
        let faults = parts.faults
        guard faults.isEmpty else { throw InputFaults(faults.map(InputFault.init)) }
        guard let kind, let text = parts.text else { return nil }
        return try readTiming(
            kind: kind, text: text, timezone: zone, startsAt: parts.startsAt?.resolved(inZoneNamed: zone),
            endsAt: parts.endsAt?.resolved(inZoneNamed: zone), at: now)
    }

    private func changedTiming(
        _ before: TaskTiming, _ draft: TaskDraft, at now: Date
    ) throws(InputFaults) -> TaskTiming {
        let zone = draft.timezone.or(before.timezone)
        func bound(_ sent: Sent<MomentText?>, _ present: Date?) -> Date? {
            switch sent {
            case .nothing: present
            case .value(let moment): moment?.resolved(inZoneNamed: zone)
            }
        }
        var timing = try readTiming(
            kind: draft.scheduleKind.or(before.kind), text: draft.schedule.or(before.text), timezone: zone,
            startsAt: bound(draft.startsAt, before.startsAt), endsAt: bound(draft.endsAt, before.endsAt), at: now)
        // Sending a field's present value changes nothing, and an anchor moves only with what sets it.
        let isSameSchedule = timing.kind == before.kind && timing.text == before.text
        if isSameSchedule, timing.startsAt == before.startsAt { timing.anchor = before.anchor }
        if isSameSchedule, timing.timezone == before.timezone { timing.onceAt = before.onceAt }
        return timing
    }

    private func readTiming(
        kind: ScheduleKind, text: String, timezone: String, startsAt: Date?, endsAt: Date?, at now: Date
    ) throws(InputFaults) -> TaskTiming {
        do throws(TimingFault) {
            let timing = try TaskTiming.read(
                kind: kind, text: text, timezone: timezone, startsAt: startsAt, endsAt: endsAt, at: now)
            try timing.checkFires(at: now)
            return timing
        } catch {
            throw InputFaults([InputFault(error)])
        }
    }

    @discardableResult
    private func collect<Value>(
        _ faults: inout [InputFault], _ body: () throws(InputFaults) -> Value
    ) -> Value? {
        do {
            return try body()
        } catch {
            faults += error.faults
            return nil
        }
    }
}

/// A task as it will be, and what that means for its schedule.
struct TaskChange {
    let task: TaskDefinition
    let changesAnything: Bool
    let timingChanged: Bool
    /// Whether the history of schedules needs a new row.
    let changesSchedule: Bool
}

extension MomentText {
    /// The instant that is meant in the zone of this name; in UTC if there is none such, which is reported by itself.
    fileprivate func resolved(inZoneNamed name: String) -> Date {
        switch self {
        case .instant(let date): return date
        case .local:
            let zone = (try? ZoneRules.named(name)) ?? .utc  // An unknown zone is a fault of its own field.
            return resolved(in: zone)
        }
    }
}

extension TaskDraft {
    fileprivate func hasFault(at key: String) -> Bool {
        faults.contains { $0.place == [.key(key)] }
    }
}
