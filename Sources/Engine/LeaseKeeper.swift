import Actions
import Domain
import Logging
import ServiceLifecycle
import Storage

/// Renews the node's lease at a third of its length, tells the runners until when it holds, and ends the attempts that
/// somebody wishes ended or that the database has given away.
package struct LeaseKeeper: Service {
    private let node: Node
    private let database: Database
    private let catalog: ActionCatalog
    private let configuration: EngineConfiguration
    private let signals: EngineSignals
    private let running: RunningAttempts
    private let health: EngineHealth
    private let logger: Logger

    /// A keeper of the lease of `node`.
    package init(
        node: Node, database: Database, catalog: ActionCatalog, configuration: EngineConfiguration,
        signals: EngineSignals, running: RunningAttempts, health: EngineHealth, logger: Logger
    ) {
        self.node = node
        self.database = database
        self.catalog = catalog
        self.configuration = configuration
        self.signals = signals
        self.running = running
        self.health = health
        self.logger = logger
    }

    /// - Throws: `NodeSuperseded` when another server has started as this node: this one has no rights any more.
    package func run() async throws {
        let isSuperseded = await cancelWhenGracefulShutdown { await loop() }
        guard !isSuperseded else { throw NodeSuperseded(name: node.name) }
        do {
            try await database.store.release(node)
        } catch {
            logger.notice("The lease could not be given back; it lapses", metadata: ["error": "\(error)"])
        }
    }

    /// - Returns: whether the node was superseded.
    private func loop() async -> Bool {
        var recovery = LoopRecovery("lease keeper", logger: logger)
        let clock = ContinuousClock()
        var nextRenewal = clock.now
        while !Task.isCancelled {
            do {
                if clock.now >= nextRenewal {
                    guard try await renew(clock) else { return true }
                    nextRenewal = clock.now + configuration.leaseDuration / 3
                }
                try await heedWishes()
                recovery.succeed()
                health.note(.leaseKeeper, isWell: true)
                await signals.wishes.nap(upTo: nextRenewal - clock.now)
            } catch is CancellationError {
                break
            } catch {
                health.note(.leaseKeeper, isWell: false)
                let delay = min(recovery.delay(after: error), configuration.leaseDuration / 10)
                await signals.wishes.nap(upTo: delay)
            }
        }
        return false
    }

    private func renew(_ clock: ContinuousClock) async throws -> Bool {
        // Counted from before the statement was sent: the database counts from later, so ours ends first.
        let sent = clock.now
        guard try await database.store.renewLease(of: node, running: running.count) else { return false }
        catalog.holdLease(until: sent + configuration.leaseDuration - configuration.leaseMargin)
        return true
    }

    private func heedWishes() async throws {
        for wish in try await database.store.wishes(for: running.leases) {
            running.end(wish.token, wish.reason.map { .wished($0) } ?? .leaseGone)
        }
    }
}

/// Another server has started on a copy of this one's data directory.
package struct NodeSuperseded: Error, CustomStringConvertible {
    let name: String

    package var description: String {
        """
        Another server has started as this node (\(name)), from a copy of this data directory. This one stops: give each \
        server a data directory of its own.
        """
    }
}
