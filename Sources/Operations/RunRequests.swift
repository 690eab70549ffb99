import Domain
import Storage
import Synchronization

/// Runs that people ask for: those asked for at the same time are recorded in one transaction, so that many cost little
/// more than one.
final class RunRequests: Sendable {
    /// The most in one transaction.
    private static let batch = 200
    /// While the commit of one is waited for, the next is prepared.
    private static let workers = 2

    private struct Request: Sendable {
        let task: Identifier<TaskDefinition>
        let caller: Caller
        let answer: CheckedContinuation<Identifier<Execution>, any Error>
    }

    private struct Queue {
        var waiting: [Request] = []
        var workers = 0
    }

    private let database: Database
    private let announcer: Announcer
    private let rules: TaskRules
    private let onCancelled: CancellationObserver
    private let queue = Mutex(Queue())

    init(
        database: Database, announcer: Announcer, rules: TaskRules, onCancelled: @escaping CancellationObserver
    ) {
        self.database = database
        self.announcer = announcer
        self.rules = rules
        self.onCancelled = onCancelled
    }

    /// Records a run of `task`; returns when it is durable.
    ///
    /// - Throws: `notFound`, `notOwner`, `roleRequired`, `taskCancelled`, `queueFull`.
    func run(_ task: Identifier<TaskDefinition>, as caller: Caller) async throws -> Identifier<Execution> {
        try await withCheckedThrowingContinuation { answer in
            let isWorkerNeeded = queue.withLock { queue in
                queue.waiting.append(Request(task: task, caller: caller, answer: answer))
                guard queue.workers < Self.workers else { return false }
                queue.workers += 1
                return true
            }
            // Not a child of the request that begins it: others wait for it, too.
            if isWorkerNeeded { Task { await work() } }
        }
    }

    private func work() async {
        while let requests = next() {
            let left = await record(requests, passingOverBusy: true)
            for requests in Dictionary(grouping: left, by: \.task).values {
                // Not waited for: a task that somebody is busy with keeps those of no other waiting.
                Task { await record(allOf: requests) }
            }
        }
    }

    /// Answers requests for one task, however long it is waited for.
    private func record(allOf requests: [Request]) async {
        var left = requests
        while !left.isEmpty { left = await record(left, passingOverBusy: false) }
    }

    private func next() -> [Request]? {
        queue.withLock { queue in
            guard !queue.waiting.isEmpty else {
                queue.workers -= 1
                return nil
            }
            defer { queue.waiting.removeFirst(min(Self.batch, queue.waiting.count)) }
            return Array(queue.waiting.prefix(Self.batch))
        }
    }

    /// Answers requests, together.
    ///
    /// - Returns: those left unanswered.
    private func record(_ requests: [Request], passingOverBusy: Bool) async -> [Request] {
        let round: Round
        do {
            round = try await database.transaction { [rules] store in
                let ids = Set(requests.map(\.task))
                let tasks = try await store.requestedTasks(ids, passingOverBusy: passingOverBusy)
                var round = Round(tasks)
                let verdicts = requests.map { round.decide($0.task, as: $0.caller, rules) }
                if !round.superseding.isEmpty {
                    round.superseded = try await store.cancelUnfinished(of: round.superseding, reason: .superseded)
                }
                try await store.insert(round.executions)
                try await store.record(Self.entries(of: requests, verdicts))
                round.verdicts = verdicts
                return round
            }
        } catch StorageError.unavailable(let why) {
            // Nor is there a database for those who came later.
            for request in requests + takeAllWaiting() {
                request.answer.resume(throwing: StorageError.unavailable(why))
            }
            return []
        } catch {
            // It may be the fault of one of them.
            guard !passingOverBusy else { return requests }
            for request in requests { request.answer.resume(throwing: error) }
            return []
        }
        if !round.executions.isEmpty { announcer.announce(.work) }
        onCancelled(round.superseded.ended)
        if round.superseded.hasWishes { announcer.announce(.wishes) }
        var left: [Request] = []
        for (request, verdict) in zip(requests, round.verdicts) {
            switch verdict {
            case .made(let execution): request.answer.resume(returning: execution)
            case .refused(let error): request.answer.resume(throwing: error)
            case .notFound where !passingOverBusy: request.answer.resume(throwing: OperationError.noTask)
            case .notFound, .later: left.append(request)
            }
        }
        return left
    }

    /// What the audit log tells of the requests that made a run.
    private static func entries(
        of requests: [Request], _ verdicts: [Round.Verdict]
    ) -> [(entry: AuditEntry, caller: Caller)] {
        zip(requests, verdicts).compactMap { request, verdict in
            guard case .made(let execution) = verdict else { return nil }
            return (.run(execution, of: request.task), request.caller)
        }
    }

    private func takeAllWaiting() -> [Request] {
        queue.withLock { queue in
            defer { queue.waiting = [] }
            return queue.waiting
        }
    }
}

/// What becomes of the requests of one transaction.
private struct Round: Sendable {
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

    private var entries: [Identifier<TaskDefinition>: Entry]
    private(set) var executions: [NewExecution] = []
    /// The tasks whose unfinished runs are cancelled first.
    private(set) var superseding: [Identifier<TaskDefinition>] = []
    var superseded = Cancellation()
    /// As the requests.
    var verdicts: [Verdict] = []

    init(_ tasks: [RequestedTask]) {
        entries = Dictionary(
            uniqueKeysWithValues: tasks.map { task in
                (task.id, Entry(task: task, unfinished: task.unfinished, waiting: task.waiting))
            })
    }

    /// Decides one request after the other.
    mutating func decide(
        _ id: Identifier<TaskDefinition>, as caller: Caller, _ rules: TaskRules
    ) -> Verdict {
        guard let entry = entries[id] else { return .notFound }
        let task = entry.task
        do {
            try caller.checkMayChange(taskOf: task.ownerID)
            try rules.checkMayMake(task.kind, as: caller)
            guard task.status != .cancelled else {
                throw OperationError.refused(.taskCancelled, "The task is cancelled. Resume it to run it again.")
            }
            switch task.overlapPolicy.decision(unfinished: entry.unfinished, waiting: entry.waiting, isSlot: false) {
            case .skip:
                throw OperationError.refused(
                    .queueFull, "\(OverlapPolicy.waitingLimit) runs of this task are waiting already.")
            case .supersede where entry.unfinished > task.unfinished:
                return .later
            case .supersede:
                superseding.append(id)
            case .run:
                break
            }
        } catch {
            return .refused(error)
        }
        let execution = NewExecution(
            task: id, trigger: .manual, scheduledFor: task.now, status: .pending, reason: nil, priority: task.priority)
        executions.append(execution)
        entries[id]?.unfinished += 1
        entries[id]?.waiting += 1
        return .made(execution.id)
    }
}
