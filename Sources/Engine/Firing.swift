import Domain
import Foundation
import Scheduling
import Storage

/// What a due task's slots become: a pure decision.
struct Firing: Sendable {
    /// The executions to record, oldest slot first.
    let executions: [NewExecution]
    /// Whether the last of them to run supersedes the unfinished runs of the task.
    let supersedes: Bool
    /// The slot that the task waits for next; it may be due already.
    let nextRun: Date?

    /// Decides for `task` at the moment it fires.
    ///
    /// - Parameter commandRoles: whose command tasks fire; those of others rest, as if paused.
    /// - Throws: `TimingFault` if the stored schedule cannot be read.
    init(_ task: DueTask, commandRoles: Set<CommandRole>) throws(TimingFault) {
        let slots = try task.timing.slots()
        guard task.ownerIsActive, commandRoles.mayRun(task.kind, ofOwner: task.ownerRole) else {
            executions = []
            supersedes = false
            nextRun = slots.first(after: task.now)
            return
        }
        guard let due = Self.firstDue(of: task, slots) else {
            executions = []
            supersedes = false
            nextRun = nil
            return
        }
        let plan = FirePlan(
            slots: slots, due: due, now: task.now, grace: task.misfireGrace, policy: task.misfirePolicy,
            ignoresMisfire: task.wasPastWhenSet)
        var run = Overlapping(task, slots)
        for decision in plan.decisions { run.take(decision) }
        executions = run.executions
        supersedes = run.supersedes
        nextRun = plan.nextRun
    }

    /// The slot to begin with: what fell into a pause of all firing, or was not taken up before it, is not made up for.
    /// A once time that was past when it was set fell into none, and fires.
    private static func firstDue(of task: DueTask, _ slots: Slots) -> Date? {
        guard let resumedAt = task.resumedAt, task.nextRun <= resumedAt, !task.wasPastWhenSet else {
            return task.nextRun
        }
        return slots.first(after: resumedAt)
    }

    /// Those of the executions that may start at once on `node`, if it has room; the task's own rules allow no others.
    func startable(_ task: DueTask, by node: Node, taskLimit: Int) -> [NewExecution] {
        guard Set(task.requires).isSubset(of: node.labels) else { return [] }
        let limit = (task.overlapPolicy == .allow ? taskLimit : 1) - task.unfinished
        return executions.filter { $0.status == .pending }.prefix(max(0, limit)).filter { $0.reason != .jitter }
    }

    /// Whether unfinished runs of the task are cancelled, once `made` are the executions that are new.
    func supersedes(making made: Set<Identifier<Execution>>) -> Bool {
        supersedes && executions.contains { $0.status == .pending && made.contains($0.id) }
    }
}

extension DueTask {
    /// Whether it waits for a once time that lay in the past already when it was set.
    fileprivate var wasPastWhenSet: Bool { timing.onceAt.map { $0 <= timingSince } ?? false }
}

/// Applies a task's overlap policy to one slot after the other.
private struct Overlapping {
    private let task: DueTask
    private let slots: Slots
    private let jitter: Jitter
    private var unfinished: Int
    private var waiting: Int
    private(set) var executions: [NewExecution] = []
    private(set) var supersedes = false

    init(_ task: DueTask, _ slots: Slots) {
        self.task = task
        self.slots = slots
        jitter = Jitter(seconds: task.jitter, task: task.id.uuid)
        unfinished = task.unfinished
        waiting = task.waiting
    }

    mutating func take(_ decision: FirePlan.Decision) {
        guard decision.verdict != .skip else { return record(decision.slot, .skipped, .misfire) }
        guard !task.mustWaitForOthers else { return record(decision.slot, .skipped, .dependency) }
        // Slots made up for run under `skip` as they would under `queue`.
        let isSlot = decision.verdict == .run
        switch task.overlapPolicy.decision(unfinished: unfinished, waiting: waiting, isSlot: isSlot) {
        case .run:
            break
        case .supersede:
            supersedes = supersedes || task.unfinished > 0
            supersedeOwn()
        case .skip(let reason):
            return record(decision.slot, .skipped, reason)
        }
        wait(decision.slot)
        unfinished += 1
        waiting += 1
    }

    private mutating func wait(_ slot: Date) {
        guard task.jitter > 0 else { return record(slot, .pending, nil) }
        let start = jitter.start(of: slot, in: slots)
        record(slot, .pending, start > task.now ? .jitter : nil, notBefore: start)
    }

    private mutating func supersedeOwn() {
        executions = executions.map { execution in
            guard execution.status == .pending else { return execution }
            return NewExecution(
                id: execution.id, task: execution.task, trigger: execution.trigger,
                scheduledFor: execution.scheduledFor, status: .cancelled, reason: .superseded,
                priority: execution.priority)
        }
        unfinished = 0
        waiting = 0
    }

    private mutating func record(
        _ slot: Date, _ status: ExecutionStatus, _ reason: Reason?, notBefore: Date? = nil
    ) {
        executions.append(
            NewExecution(
                task: task.id, trigger: .schedule, scheduledFor: slot, status: status, reason: reason,
                priority: task.priority, notBefore: notBefore))
    }
}
