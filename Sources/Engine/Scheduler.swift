import Domain
import Foundation
import Logging
import Scheduling
import ServiceLifecycle
import Storage

/// Fires due tasks, then naps until the next slot or a wake-up. Any number of servers may do so at once: a due task is
/// locked while its slots become executions, and both are committed together with its next run.
package struct Scheduler: Service {
    /// The most tasks fired in one transaction; fewer after a failure.
    private static let batch = 200
    /// About the most executions made in one transaction: a backlog is worked off in several.
    private static let executionBatch = 5_000
    /// No nap is longer, so that a lost wake-up only delays.
    private static let longestNap = Duration.seconds(10)

    private let database: Database
    private let announcer: Announcer
    private let configuration: EngineConfiguration
    private let signals: EngineSignals
    private let health: EngineHealth
    private let logger: Logger

    /// A scheduler on `database`.
    package init(
        database: Database, announcer: Announcer, configuration: EngineConfiguration, signals: EngineSignals,
        health: EngineHealth, logger: Logger
    ) {
        self.database = database
        self.announcer = announcer
        self.configuration = configuration
        self.signals = signals
        self.health = health
        self.logger = logger
    }

    package func run() async throws {
        EngineMetrics.begin()
        await cancelWhenGracefulShutdown { await loop() }
    }

    private func loop() async {
        var recovery = LoopRecovery("scheduler", logger: logger)
        let unreadable = UnreadableTasks()
        var limit = Self.batch
        while !Task.isCancelled {
            do {
                let fired = try await fire(limit: limit, passingOver: unreadable)
                let nap = fired == 0 ? try await napLength(passingOver: unreadable) : .zero
                limit = Self.batch
                recovery.succeed()
                health.note(.scheduler, isWell: true)
                await signals.due.nap(upTo: nap)
            } catch is CancellationError {
                return
            } catch {
                // Perhaps there was too much to do at once: one task after the other is never too much.
                limit = max(1, limit / 2)
                health.note(.scheduler, isWell: false)
                await signals.due.nap(upTo: recovery.delay(after: error))
            }
        }
    }

    private func napLength(passingOver unreadable: UnreadableTasks) async throws -> Duration {
        let seconds = try await database.store.secondsUntilDue(passingOver: unreadable.ids)
        guard let seconds else { return Self.longestNap }
        // A task that is overdue yet was not found is locked by somebody else for a moment.
        return min(max(.seconds(seconds), .milliseconds(5)), Self.longestNap)
    }

    /// Fires what is due now.
    ///
    /// - Returns: how many tasks were fired; 0 when none is due.
    private func fire(limit: Int, passingOver unreadable: UnreadableTasks) async throws -> Int {
        let round = try await database.transaction { store in
            let due = try await store.dueTasks(limit: limit, passingOver: unreadable.ids)
            let firings = firings(of: due, unreadable)
            guard !firings.isEmpty else { return FiringRound(firings: []) }
            var round = FiringRound(firings: firings)
            round.made = try await store.insert(firings.flatMap { $0.firing?.executions ?? [] })
            // Only then: a slot that has its execution already, after a clock was stepped back, supersedes nothing.
            let superseding = firings.filter { $0.firing?.supersedes(making: round.made) == true }.map(\.task.id)
            if !superseding.isEmpty {
                round.superseded = try await store.cancelUnfinished(
                    of: superseding, sparing: round.made, reason: .superseded)
            }
            try await store.setNextRuns(firings.map { (task: $0.task.id, nextRun: $0.firing?.nextRun) })
            return round
        }
        tell(round)
        return round.firings.count
    }

    /// What due tasks' slots become, of as many tasks as go into one transaction. A task without a firing rests until
    /// somebody changes it.
    private func firings(
        of due: [DueTask], _ unreadable: UnreadableTasks
    ) -> [(task: DueTask, firing: Firing?)] {
        var firings: [(task: DueTask, firing: Firing?)] = []
        var executions = 0
        for task in due where executions < Self.executionBatch {
            do {
                let firing = try Firing(task, commandRoles: configuration.commandRoles)
                executions += firing.executions.count
                firings.append((task, firing))
            } catch {
                logger.error(
                    "A task's schedule cannot be read",
                    metadata: ["task_id": "\(task.id)", "field": "\(error.field)", "error": "\(error.reason)"])
                if error.field == .timezone {
                    // The fault may be this machine's, whose tz database is older: other servers may fire the task.
                    unreadable.add(task.id)
                } else {
                    firings.append((task, nil))
                }
            }
        }
        return firings
    }

    private func tell(_ round: FiringRound) {
        var hasWork = false
        for (task, firing) in round.firings {
            for execution in firing?.executions ?? [] where round.made.contains(execution.id) {
                EngineMetrics.slot(execution)
                if execution.status.isEnd { EngineMetrics.ended(task.kind, execution.status) }
                hasWork = hasWork || execution.status == .pending
            }
        }
        EngineMetrics.cancelledWhileWaiting(round.superseded.ended)
        if hasWork {
            signals.work.wake()
            announcer.announce(.work)
        }
        if round.superseded.hasWishes {
            signals.wishes.wake()
            announcer.announce(.wishes)
        }
    }
}

/// What one transaction has fired.
private struct FiringRound: Sendable {
    /// A task without a firing rests.
    let firings: [(task: DueTask, firing: Firing?)]
    /// The executions that are new: a slot may have had its own.
    var made: Set<Identifier<Execution>> = []
    var superseded = Cancellation()
}
