import Domain
import Foundation
import Logging
import Scheduling
import ServiceLifecycle
import Storage

/// Fires due tasks, then naps until the next slot or a wake-up. Any number of servers may do so at once: a due task is
/// locked while its slots become executions, and both are committed together with its next run.
package struct Scheduler: Service {
    /// The most tasks fired in one transaction.
    private static let batch = 200
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
        await cancelWhenGracefulShutdown { await loop() }
    }

    private func loop() async {
        var recovery = LoopRecovery("scheduler", logger: logger)
        while !Task.isCancelled {
            do {
                let fired = try await fire()
                let nap = fired < Self.batch ? try await napLength(hasFired: fired > 0) : .zero
                recovery.succeed()
                health.note(.scheduler, isWell: true)
                await signals.due.nap(upTo: nap)
            } catch is CancellationError {
                return
            } catch {
                health.note(.scheduler, isWell: false)
                await signals.due.nap(upTo: recovery.delay(after: error))
            }
        }
    }

    private func napLength(hasFired: Bool) async throws -> Duration {
        guard let seconds = try await database.store.secondsUntilDue() else { return Self.longestNap }
        // A task that is overdue yet was not found is locked by somebody else for a moment.
        let least = hasFired ? Duration.zero : .milliseconds(5)
        return min(max(.seconds(seconds), least), Self.longestNap)
    }

    /// Fires what is due now.
    ///
    /// - Returns: how many tasks were due.
    private func fire() async throws -> Int {
        let (due, executions, wishes) = try await database.transaction { store in
            let due = try await store.dueTasks(limit: Self.batch)
            guard !due.isEmpty else { return (0, [NewExecution](), false) }
            let firings = due.map { task in (task: task, firing: firing(of: task)) }
            let superseded = firings.filter { $0.firing?.supersedes == true }.map(\.task.id)
            let wishes =
                superseded.isEmpty
                ? false : try await store.cancelUnfinished(of: superseded, reason: .superseded)
            let executions = firings.flatMap { $0.firing?.executions ?? [] }
            try await store.insert(executions)
            try await store.setNextRuns(firings.map { (task: $0.task.id, nextRun: $0.firing?.nextRun) })
            return (due.count, executions, wishes)
        }
        tell(executions, wishes: wishes)
        return due
    }

    private func firing(of task: DueTask) -> Firing? {
        do {
            return try Firing(task, commandRoles: configuration.commandRoles)
        } catch {
            // One that cannot be read must not hold up the others; it rests until somebody changes it.
            logger.error(
                "A task's schedule cannot be read; it does not fire until it is changed",
                metadata: ["task_id": "\(task.id)", "field": "\(error.field)", "error": "\(error.reason)"])
            return nil
        }
    }

    private func tell(_ executions: [NewExecution], wishes: Bool) {
        for execution in executions {
            let verdict = execution.status == .skipped ? "skipped" : "ran"
            EngineMetrics.slot(NewExecutionVerdict(verdict: verdict, reason: execution.reason))
        }
        if executions.contains(where: { $0.status == .pending }) {
            signals.work.wake()
            announcer.announce(.work)
        }
        if wishes {
            signals.wishes.wake()
            announcer.announce(.wishes)
        }
    }
}
