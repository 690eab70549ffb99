import Domain
import Storage
import Synchronization

/// Runs that people ask for: those asked for at the same time are recorded in one transaction, so that many cost little
/// more than one.
final class RunRequests: Sendable {
    /// The most in one transaction.
    private static let batch = 200
    /// So long after one for several, requests are gathered for the next: it costs much, and a run in it little.
    private static let gathering = Duration.milliseconds(4)

    private struct Request: Sendable {
        let run: RunRequest
        let answer: CheckedContinuation<Identifier<Execution>, any Error>
    }

    private struct Queue {
        var waiting: [Request] = []
        var isWorkedOn = false
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

    /// Records a run; returns when it is durable.
    ///
    /// - Throws: `notFound`, `notOwner`, `roleRequired`, `taskCancelled`, `invalidTransition`,
    ///   `dependenciesUnsatisfied`, `queueFull`.
    func record(_ run: RunRequest) async throws -> Identifier<Execution> {
        try await withCheckedThrowingContinuation { answer in
            let isWorkerNeeded = queue.withLock { queue in
                queue.waiting.append(Request(run: run, answer: answer))
                defer { queue.isWorkedOn = true }
                return !queue.isWorkedOn
            }
            // Not a child of the request that begins it: others wait for it, too.
            if isWorkerNeeded { Task { await work() } }
        }
    }

    private func work() async {
        while let requests = next() {
            let left = await record(requests, passingOverBusy: true)
            for requests in Dictionary(grouping: left, by: \.run.task).values {
                // Not waited for: a task that somebody is busy with keeps those of no other waiting.
                Task { await record(allOf: requests) }
            }
            // Never cancelled.
            if requests.count > 1, waitingCount < Self.batch / 2 { try? await Task.sleep(for: Self.gathering) }
        }
    }

    /// Answers requests for one task, however long it is waited for.
    private func record(allOf requests: [Request]) async {
        var left = requests
        while !left.isEmpty { left = await record(left, passingOverBusy: false) }
    }

    private var waitingCount: Int { queue.withLock(\.waiting.count) }

    private func next() -> [Request]? {
        queue.withLock { queue in
            guard !queue.waiting.isEmpty else {
                queue.isWorkedOn = false
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
        let round: RunRound
        do {
            round = try await decide(requests.map(\.run), passingOverBusy: passingOverBusy)
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
        if round.superseded.owesMessages { announcer.announce(.deliveries) }
        return answer(requests, round.verdicts, passingOverBusy: passingOverBusy)
    }

    /// Decides what becomes of runs, and records it, in one transaction.
    private func decide(_ runs: [RunRequest], passingOverBusy: Bool) async throws -> RunRound {
        try await database.transaction(preferringIndexes: true) { [rules] store in
            let tasks = try await store.requestedTasks(Set(runs.map(\.task)), passingOverBusy: passingOverBusy)
            var round = RunRound(
                tasks, dependencies: try await store.dependencies(Array(Set(tasks.flatMap(\.dependencies)))),
                repeated: try await store.repeated(runs.compactMap(\.origin.repeated)))
            let verdicts = runs.map { round.decide($0, rules) }
            if !round.superseding.isEmpty {
                round.superseded = try await store.cancelUnfinished(of: round.superseding, reason: .superseded)
            }
            try await store.insert(round.executions)
            try await store.record(round.entries)
            round.verdicts = verdicts
            return round
        }
    }

    /// Tells each request its verdict.
    ///
    /// - Returns: those whose tasks somebody is busy with.
    private func answer(_ requests: [Request], _ verdicts: [RunRound.Verdict], passingOverBusy: Bool) -> [Request] {
        var left: [Request] = []
        for (request, verdict) in zip(requests, verdicts) {
            switch verdict {
            case .made(let execution): request.answer.resume(returning: execution)
            case .refused(let error): request.answer.resume(throwing: error)
            case .notFound where !passingOverBusy: request.answer.resume(throwing: OperationError.noTask)
            case .notFound, .later: left.append(request)
            }
        }
        return left
    }

    private func takeAllWaiting() -> [Request] {
        queue.withLock { queue in
            defer { queue.waiting = [] }
            return queue.waiting
        }
    }
}
