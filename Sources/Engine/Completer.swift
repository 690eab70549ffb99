import Domain
import Logging
import ServiceLifecycle
import Storage
import Synchronization

/// Records finished attempts, those that end together in one transaction. Nothing is dropped: while the database does
/// not answer they wait here, and the fencing token decides whether they still count.
package final class Completer: Service {
    /// The most attempts, and the most bytes of output, of one transaction; fewer attempts after a failure.
    ///
    /// Output is copied twice on its way into the database, and more of it at once makes nothing faster.
    private static let batch = (attempts: 200, bytes: 4 << 20)
    /// So long after a transaction for several, ends are gathered for the next: it costs much, and a row in it little.
    private static let gathering = Duration.milliseconds(4)

    /// How long an attempt waits whose task somebody else has locked: at first, and at most.
    private static let (firstDelay, longestDelay) = (Duration.milliseconds(5), Duration.milliseconds(200))

    private struct Queue {
        var waiting: [Waiting] = []
        /// What could not be recorded because its task was busy, until it is tried again.
        var delayed: [(attempt: Waiting, until: ContinuousClock.Instant)] = []
        /// Whether nobody records any more.
        var isClosed = false
    }

    private struct Waiting {
        let attempt: FinishedAttempt
        let recorded: CheckedContinuation<Bool, Never>
        /// How long it has to wait if its task is busy.
        var delay = Completer.firstDelay
    }

    /// What became of a batch.
    private struct Recording {
        var recorded: Set<Identifier<Execution>> = []
        var busy: Set<Identifier<TaskDefinition>> = []

        mutating func add(_ other: Recording) {
            recorded.formUnion(other.recorded)
            busy.formUnion(other.busy)
        }
    }

    private let database: Database
    private let announcer: Announcer
    private let signals: EngineSignals
    private let logger: Logger
    private let queue = Mutex(Queue())
    private let signal = WakeSignal()

    /// A completer on `database`.
    package init(database: Database, announcer: Announcer, signals: EngineSignals, logger: Logger) {
        self.database = database
        self.announcer = announcer
        self.signals = signals
        self.logger = logger
    }

    /// Hands a finished attempt over; returns when it is durable, or refused because its lease was lost (false).
    func finish(_ attempt: FinishedAttempt) async -> Bool {
        await withCheckedContinuation { continuation in
            let isTaken = queue.withLock { queue in
                guard !queue.isClosed else { return false }
                queue.waiting.append(Waiting(attempt: attempt, recorded: continuation))
                return true
            }
            if isTaken { signal.wake() } else { continuation.resume(returning: false) }
        }
    }

    /// How many attempts wait to be recorded.
    var waitingCount: Int { queue.withLock { $0.waiting.count + $0.delayed.count } }

    /// Records no more: whoever waits is told, and the next start of this server settles their rows.
    func close() {
        let left = queue.withLock { queue in
            defer { queue = Queue(isClosed: true) }
            return queue.waiting + queue.delayed.map(\.attempt)
        }
        for waiting in left { waiting.recorded.resume(returning: false) }
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown { await self.loop() }
        close()
    }

    private func loop() async {
        var recovery = LoopRecovery("completer", logger: logger)
        var limit = Self.batch.attempts
        var quiet = ContinuousClock.now
        while !Task.isCancelled {
            let rest = quiet - .now
            if rest > .zero, waitingCount < limit / 2 {
                try? await Task.sleep(for: rest)  // Cancelled only at the end of the server's life.
            }
            let batch = takeBatch(of: limit)
            guard !batch.isEmpty else {
                await signal.nap(upTo: untilNextDelayed ?? .seconds(10))
                continue
            }
            do {
                answer(batch, try await record(batch.map(\.attempt)))
                limit = min(limit * 2, Self.batch.attempts)
                recovery.succeed()
                if batch.count > 1 { quiet = .now + Self.gathering }
            } catch {
                // Perhaps there was too much to do at once.
                limit = max(1, batch.count / 2)
                putBack(batch)
                let delay = recovery.delay(after: error)
                try? await Task.sleep(for: delay)  // Cancelled only at the end of the server's life.
            }
        }
    }

    private var untilNextDelayed: Duration? {
        queue.withLock { $0.delayed.map(\.until).min().map { max(.zero, $0 - .now) } }
    }

    private func takeBatch(of limit: Int) -> [Waiting] {
        let now = ContinuousClock.now
        return queue.withLock { queue in
            if !queue.delayed.isEmpty {
                queue.waiting += queue.delayed.filter { $0.until <= now }.map(\.attempt)
                queue.delayed.removeAll { $0.until <= now }
            }
            var bytes = 0
            let count = queue.waiting.prefix(limit).prefix { waiting in
                let isFirst = bytes == 0
                bytes += waiting.attempt.report.outputSize
                return isFirst || bytes <= Self.batch.bytes
            }.count
            defer { queue.waiting.removeFirst(count) }
            return Array(queue.waiting.prefix(count))
        }
    }

    /// Tells what became of a batch; those of busy tasks are delayed.
    private func answer(_ batch: [Waiting], _ recording: Recording) {
        for waiting in batch where !recording.busy.contains(waiting.attempt.lease.taskID) {
            waiting.recorded.resume(returning: recording.recorded.contains(waiting.attempt.lease.executionID))
        }
        guard !recording.busy.isEmpty else { return }
        let now = ContinuousClock.now
        give(back: batch.filter { recording.busy.contains($0.attempt.lease.taskID) }) { queue, busy in
            for var waiting in busy {
                let end = now + waiting.delay
                waiting.delay = min(waiting.delay * 2, Self.longestDelay)
                queue.delayed.append((waiting, end))
            }
        }
    }

    private func putBack(_ batch: [Waiting]) {
        // One that cannot be recorded alone must not keep the others waiting.
        give(back: batch) { queue, batch in
            queue.waiting.insert(contentsOf: batch, at: batch.count > 1 ? 0 : queue.waiting.count)
        }
    }

    private func give(back batch: [Waiting], _ put: (inout Queue, [Waiting]) -> Void) {
        let isTaken = queue.withLock { queue in
            guard !queue.isClosed else { return false }
            put(&queue, batch)
            return true
        }
        guard !isTaken else { return }
        for waiting in batch { waiting.recorded.resume(returning: false) }
    }

    private func record(_ attempts: [FinishedAttempt]) async throws -> Recording {
        do {
            return try await store(attempts)
        } catch StorageError.surprise(let what) {
            // One of them cannot be stored as it is; it must not take the others with it.
            logger.error("Finished attempts are recorded one by one", metadata: ["error": "\(what)"])
            var recording = Recording()
            for attempt in attempts { recording.add(try await recordAlone(attempt)) }
            return recording
        } catch StorageError.tookTooLong where attempts.count == 1 {
            return try await recordBare(attempts[0])
        }
    }

    /// Records an attempt, if need be without what it left behind.
    private func recordAlone(_ attempt: FinishedAttempt) async throws -> Recording {
        do {
            return try await store([attempt])
        } catch StorageError.surprise, StorageError.tookTooLong {
            return try await recordBare(attempt)
        }
    }

    /// Records an attempt without what it left behind, so that at least its end is known.
    private func recordBare(_ attempt: FinishedAttempt) async throws -> Recording {
        let report = AttemptReport(
            outcome: attempt.report.outcome, returnCode: attempt.report.returnCode,
            error: "What the run left behind could not be stored")
        return try await store([FinishedAttempt(lease: attempt.lease, report: report, decision: attempt.decision)])
    }

    private func store(_ attempts: [FinishedAttempt]) async throws -> Recording {
        let recorded = try await database.transaction { try await $0.finish(attempts) }
        if recorded.makeReady {
            signals.work.wake()
            // This server may be full, or stop: then another one takes up what has become ready.
            announcer.announce(.work)
        }
        if recorded.oweMessages { signals.deliveries.wake() }
        return Recording(recorded: recorded.executions, busy: recorded.busyTasks)
    }
}

extension AttemptReport {
    fileprivate var outputSize: Int { stdout.text.utf8.count + stderr.text.utf8.count }
}
