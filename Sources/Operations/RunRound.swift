import Domain
import Foundation
import Storage

/// What becomes of the requests of one transaction.
struct RunRound: Sendable {
    enum Verdict: Sendable {
        case made(Identifier<Execution>)
        case refused(any Error)
        /// The task does not exist, or was passed over.
        case notFound
        /// It depends on what this transaction records.
        case later
    }

    private struct Entry {
        let task: RequestedTask
        var unfinished: Int
        var waiting: Int
    }

    private let dependencies: [Identifier<TaskDefinition>: Dependency]
    private let repeated: [Identifier<Execution>: RepeatedExecution]
    private var tasks: [Identifier<TaskDefinition>: Entry]
    private(set) var executions: [NewExecution] = []
    /// For the audit log.
    private(set) var entries: [(entry: AuditEntry, caller: Caller)] = []
    /// The tasks whose unfinished runs are cancelled first.
    private(set) var superseding: [Identifier<TaskDefinition>] = []
    var superseded = Cancellation()
    /// As the requests.
    var verdicts: [Verdict] = []

    /// Nothing is decided yet.
    ///
    /// - Parameters:
    ///   - dependencies: how everything stands that the tasks depend on.
    ///   - repeated: the executions to be repeated that exist.
    init(
        _ tasks: [RequestedTask], dependencies: [Dependency], repeated: [Identifier<Execution>: RepeatedExecution]
    ) {
        self.tasks = Dictionary(
            uniqueKeysWithValues: tasks.map { task in
                (task.id, Entry(task: task, unfinished: task.unfinished, waiting: task.waiting))
            })
        self.dependencies = Dictionary(uniqueKeysWithValues: dependencies.map { ($0.id, $0) })
        self.repeated = repeated
    }

    /// Decides one request after the other.
    mutating func decide(_ request: RunRequest, _ rules: TaskRules) -> Verdict {
        guard let entry = tasks[request.task] else { return .notFound }
        let task = entry.task
        do {
            let slot = try check(request, task, rules)
            let unmet = task.dependencies.compactMap { dependencies[$0] }.filter { !$0.isSatisfied }
            guard unmet.isEmpty else { throw recordFailure(of: request, task, slot, unmet) }
            switch task.overlapPolicy.decision(unfinished: entry.unfinished, waiting: entry.waiting, isSlot: false) {
            case .skip:
                throw OperationError.refused(
                    .queueFull, "\(OverlapPolicy.waitingLimit) runs of this task are waiting already.")
            case .supersede where entry.unfinished > task.unfinished:
                return .later
            case .supersede:
                superseding.append(task.id)
            case .run:
                break
            }
            tasks[task.id]?.unfinished += 1
            tasks[task.id]?.waiting += 1
            return .made(record(request, task, slot, .pending))
        } catch {
            return .refused(error)
        }
    }

    /// - Returns: the slot of the run, if it may be made.
    private func check(_ request: RunRequest, _ task: RequestedTask, _ rules: TaskRules) throws -> Date {
        try request.rights.checkMayChange(taskOf: task.ownerID)
        try rules.checkMayMake(task.kind, as: request.rights)
        var slot = task.now
        if let id = request.origin.repeated {
            guard let old = repeated[id], old.task == task.id else { throw OperationError.noExecution }
            guard old.status.isEnd else {
                throw OperationError.refused(
                    .invalidTransition, "The execution has not ended yet: it is \(old.status.rawValue).")
            }
            slot = old.scheduledFor
        }
        guard task.status != .cancelled else {
            throw OperationError.refused(.taskCancelled, "The task is cancelled. Resume it to run it again.")
        }
        return slot
    }

    /// Records that a run could not be made, which is no run.
    private mutating func recordFailure(
        of request: RunRequest, _ task: RequestedTask, _ slot: Date, _ unmet: [Dependency]
    ) -> OperationError {
        let words = unmet.map { $0.words(forOwner: task.ownerID) }.joined(separator: ", ")
        let sentence = "The task depends on what has not completed: \(words)."
        _ = record(request, task, slot, .failed, reason: .dependency, error: sentence)
        return .refused(.dependenciesUnsatisfied, sentence)
    }

    private mutating func record(
        _ request: RunRequest, _ task: RequestedTask, _ slot: Date, _ status: ExecutionStatus, reason: Reason? = nil,
        error: String? = nil
    ) -> Identifier<Execution> {
        let execution = NewExecution(
            task: task.id, trigger: request.origin.trigger, scheduledFor: slot, status: status, reason: reason,
            priority: task.priority, error: error, retryOf: request.origin.repeated)
        executions.append(execution)
        entries.append((request.entry(making: execution.id), request.caller))
        return execution.id
    }
}

extension Dependency {
    /// Names the task and how it stands; a stranger's by its id alone.
    fileprivate func words(forOwner owner: Identifier<User>?) -> String {
        guard let standing else { return "\(id) (deleted)" }
        let standingNow = standing.isActive ? standing.status.rawValue : "\(standing.status.rawValue), inactive"
        guard standing.ownerID == owner else { return "\(id) (\(standingNow))" }
        return "'\(standing.name.shortened(to: 64))' \(id) (\(standingNow))"
    }
}
