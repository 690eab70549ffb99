import Actions
import Domain
import Logging
import ServiceLifecycle
import Storage
import Synchronization

/// Leases executions while it has free capacity, and runs each in a child task. Told to stop, it leases no more, waits
/// for what runs, and ends what the grace does not suffice for; in a handover it leaves what runs to the next server.
package struct Worker: Service {
    /// No nap is longer, so that a lost wake-up only delays.
    private static let longestNap = Duration.seconds(10)
    /// How long the ends of the last attempts may take to be recorded when the server stops.
    private static let recordingPatience = Duration.seconds(15)

    private let node: Node
    private let database: Database
    private let configuration: EngineConfiguration
    private let signals: EngineSignals
    private let running: RunningAttempts
    private let attempts: AttemptRunner
    private let catalog: ActionCatalog
    private let handover: Handover
    private let health: EngineHealth
    private let logger: Logger

    /// A worker of `node`; what it runs is held in `running`.
    package init(
        node: Node, database: Database, configuration: EngineConfiguration, signals: EngineSignals,
        running: RunningAttempts, attempts: AttemptRunner, catalog: ActionCatalog, handover: Handover,
        health: EngineHealth, logger: Logger
    ) {
        self.node = node
        self.database = database
        self.configuration = configuration
        self.signals = signals
        self.running = running
        self.attempts = attempts
        self.catalog = catalog
        self.handover = handover
        self.health = health
        self.logger = logger
    }

    package func run() async throws {
        let isStopping = Atomic(false)
        await withDiscardingTaskGroup { group in
            await withGracefulShutdownHandler {
                await lease(into: &group) { isStopping.load(ordering: .acquiring) || Task.isCancelled }
            } onGracefulShutdown: {
                isStopping.store(true, ordering: .releasing)
                signals.work.wake()
            }
            if handover.isUnderWay { await letGo(into: &group) }
            await drain()
        }
    }

    private func lease(into group: inout DiscardingTaskGroup, until isOver: () -> Bool) async {
        var recovery = LoopRecovery("worker", logger: logger)
        let clock = ContinuousClock()
        // What was taken over at the start is found so. A grant whose answer was lost may be committed at any time
        // after: so what the database says we run is asked after every failure, too, and now and then.
        var nextLook = clock.now
        while !isOver() {
            let free = configuration.capacity - running.count
            do {
                guard free > 0 else {
                    await signals.work.nap(upTo: Self.longestNap)
                    continue
                }
                let looksBack = clock.now >= nextLook
                let leases = looksBack ? try await forgottenLeases() : try await claim(free)
                if looksBack { nextLook = clock.now + configuration.leaseDuration }
                for lease in leases { begin(lease, in: &group) }
                let nap = leases.isEmpty && !looksBack ? try await napLength() : .zero
                recovery.succeed()
                health.note(.worker, isWell: true)
                await signals.work.nap(upTo: nap)
            } catch {
                nextLook = clock.now
                health.note(.worker, isWell: false)
                await signals.work.nap(upTo: recovery.delay(after: error))
            }
        }
    }

    private func begin(_ lease: Lease, in group: inout DiscardingTaskGroup) {
        let endSignal = running.add(lease)
        group.addTask {
            await attempts.run(lease, endSignal: endSignal)
            signals.work.wake()  // Only now its place is free.
        }
    }

    private func claim(_ limit: Int) async throws -> [Lease] {
        try await database.transaction { store in
            try await store.claim(for: node, limit: limit, taskLimit: configuration.taskCapacity)
        }
    }

    private func forgottenLeases() async throws -> [Lease] {
        // Asked first: an attempt that ends while the database answers is not forgotten.
        let held = Set(running.leases.map(\.fencingToken))
        let granted = try await database.store.runningAttempts(of: node.id, epochs: node.epoch...node.epoch)
        return granted.filter { !held.contains($0.fencingToken) }
    }

    private func napLength() async throws -> Duration {
        let taskLimit = configuration.taskCapacity
        guard let seconds = try await database.store.secondsUntilReady(taskLimit: taskLimit) else {
            return Self.longestNap
        }
        // One that is ready yet was not granted: somebody else is busy with its task for a moment.
        return min(max(.seconds(seconds), .milliseconds(50)), Self.longestNap)
    }

    /// Leaves to the next server what can go on without this one; what is left is waited for.
    private func letGo(into group: inout DiscardingTaskGroup) async {
        do {
            // The next server would take what never started for lost.
            for lease in try await forgottenLeases() { begin(lease, in: &group) }
            // The lease must last until the next server renews it.
            let sent = ContinuousClock.now
            if try await database.store.renewLease(of: node, running: running.count) {
                catalog.holdLease(until: sent + configuration.leaseDuration - configuration.leaseMargin)
            }
        } catch {
            logger.warning("The database does not answer in the handover", metadata: ["error": "\(error)"])
        }
        await catalog.detach()
        logger.notice("The next server carries on with what runs")
    }

    private func drain() async {
        guard running.count > 0 else { return }
        logger.notice("Waiting for running commands", metadata: ["running": "\(running.count)"])
        let clock = ContinuousClock()
        await nap(until: clock.now + configuration.shutdownGrace)
        guard running.count > 0 else { return }
        logger.notice("Ending the commands that still run", metadata: ["running": "\(running.count)"])
        running.endAll(.shutdown)
        // Their trees are dead after the kill grace; a database that is away must not hold up the end for ever.
        await nap(until: clock.now + configuration.killGrace + Self.recordingPatience)
        if running.count > 0 { attempts.giveUpRecording() }
    }

    private func nap(until deadline: ContinuousClock.Instant) async {
        while running.count > 0, ContinuousClock.now < deadline, !Task.isCancelled {
            await signals.work.nap(upTo: min(deadline - ContinuousClock.now, .milliseconds(200)))
        }
    }
}
