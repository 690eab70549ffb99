import Actions
import Domain
import Logging
import ServiceLifecycle
import Storage

/// Takes back the leases of dead servers: its own predecessor's at once, others' when they have lapsed. A run is
/// recorded lost only when what it left on this machine is gone. Servers that are gone for long are forgotten.
package struct Reaper: Service {
    /// Before tasks that were busy are tried again.
    private static let shortNap = Duration.milliseconds(100)

    private let node: Node
    private let database: Database
    private let announcer: Announcer
    private let lease: NodeLease
    private let catalog: ActionCatalog
    private let configuration: EngineConfiguration
    private let signals: EngineSignals
    private let logger: Logger

    /// A reaper that works for `node`.
    package init(
        node: Node, database: Database, announcer: Announcer, lease: NodeLease, catalog: ActionCatalog,
        configuration: EngineConfiguration, signals: EngineSignals, logger: Logger
    ) {
        self.node = node
        self.database = database
        self.announcer = announcer
        self.lease = lease
        self.catalog = catalog
        self.configuration = configuration
        self.signals = signals
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown { await loop() }
    }

    private func loop() async {
        var recovery = LoopRecovery("reaper", logger: logger)
        var watch = LeaseWatch()
        var longWatch = LeaseWatch()
        while !Task.isCancelled {
            var nap = configuration.leaseDuration / 3
            do {
                var isComplete = try await settle(
                    try await database.store.runningAttempts(of: node.id, epochs: 0...node.epoch - 1))
                let sightings = try await database.store.busyNodes(except: node.id)
                for dead in watch.lapsed(among: sightings, at: .now, in: lease.term()) {
                    isComplete = try await reap(dead) && isComplete
                }
                if !isComplete { nap = Self.shortNap }
                // Watched as well, so that a clock that was stepped by a week does not make the living strangers.
                let longGone = try await database.store.longGoneNodes(except: node.id)
                try await forget(longWatch.lapsed(among: longGone, at: .now, in: lease.term()))
                recovery.succeed()
            } catch {
                nap = recovery.delay(after: error)
            }
            try? await Task.sleep(for: nap)  // Cancelled when the server stops.
        }
    }

    /// - Returns: whether all is recorded, or need not be.
    private func reap(_ dead: NodeSighting) async throws -> Bool {
        let attempts = try await database.store.runningAttempts(of: dead.id, epochs: 0...dead.epoch)
        // Both checks, before anything is killed and again with the record: the node may be back.
        guard !attempts.isEmpty, try await database.transaction({ try await $0.lockLapsed(dead) }) else { return true }
        await catalog.endLeftovers(of: attempts.map(\.attemptID))
        return try await record(attempts, ifStillLapsed: dead)
    }

    private func forget(_ gone: [NodeSighting]) async throws {
        for name in try await database.store.forget(gone) {
            logger.notice("A server that was gone for long is forgotten", metadata: ["name": "\(name)"])
        }
    }

    private func settle(_ attempts: [Lease]) async throws -> Bool {
        guard !attempts.isEmpty else { return true }
        await catalog.endLeftovers(of: attempts.map(\.attemptID))
        return try await record(attempts, ifStillLapsed: nil)
    }

    /// - Returns: false if the task of one is busy, so that it has to be tried again.
    private func record(_ attempts: [Lease], ifStillLapsed dead: NodeSighting?) async throws -> Bool {
        let lost = attempts.map { lease in
            let report = AttemptReport(outcome: .lost, error: "The run was interrupted: its server died")
            return FinishedAttempt(
                lease: lease, report: report,
                decision: lease.retryPolicy.decision(after: report.outcome, attempt: lease.attempt))
        }
        let finished = try await database.transaction { store -> RecordedAttempts? in
            if let dead, try await !store.lockLapsed(dead) { return nil }
            return try await store.finish(lost)
        }
        guard let finished else { return true }
        if !finished.executions.isEmpty { tell(finished, of: lost) }
        return finished.busyTasks.isEmpty
    }

    private func tell(_ finished: RecordedAttempts, of lost: [FinishedAttempt]) {
        let recorded = finished.executions
        logger.warning("Runs of a dead server were recorded lost", metadata: ["runs": "\(recorded.count)"])
        for attempt in lost where recorded.contains(attempt.lease.executionID) {
            EngineMetrics.ended(attempt.lease, status: .failed, duration: .zero)
        }
        signals.work.wake()
        if finished.oweMessages { signals.deliveries.wake() }
        // There may be more runs to repeat than this server has room for.
        announcer.announce(.work)
    }
}
