import Domain
import Logging
import ServiceLifecycle
import Storage

/// Renews the node's lease at a third of its length, and ends the attempts that somebody wishes ended or that the
/// database has given away.
///
/// A renewal that is not answered does not hold up the next: that one takes another connection, so that one dead
/// connection costs nobody's runs.
package struct LeaseKeeper: Service {
    private let node: Node
    private let database: Database
    private let renewals: Database
    private let lease: NodeLease
    private let configuration: EngineConfiguration
    private let signals: EngineSignals
    private let running: RunningAttempts
    private let handover: Handover
    private let health: EngineHealth
    private let logger: Logger

    /// A keeper of the lease of `node`.
    ///
    /// - Parameter renewals: the same database over connections that nothing else waits for.
    package init(
        node: Node, database: Database, renewals: Database, lease: NodeLease, configuration: EngineConfiguration,
        signals: EngineSignals, running: RunningAttempts, handover: Handover, health: EngineHealth, logger: Logger
    ) {
        self.node = node
        self.database = database
        self.renewals = renewals
        self.lease = lease
        self.configuration = configuration
        self.signals = signals
        self.running = running
        self.handover = handover
        self.health = health
        self.logger = logger
    }

    /// - Throws: `NodeSuperseded` when another server has started as this node: this one has no rights any more.
    package func run() async throws {
        let standing = Standing()
        await cancelWhenGracefulShutdown {
            await withTaskGroup { group in
                group.addTask { await renew(standing) }
                group.addTask { await heedWishes(standing) }
                // Whichever loop ends first, both are over: the node is superseded, or the server stops.
                await group.next()
                group.cancelAll()
            }
        }
        guard !standing.isSuperseded else {
            // The new server has settled these runs, and may have started their successors.
            running.endAll(.heard(.leaseGone))
            throw NodeSuperseded(name: node.name)
        }
        // The next server on this data directory needs what is left of it.
        guard !handover.isUnderWay else { return }
        do {
            try await renewals.store.release(node)
        } catch {
            logger.notice("The lease could not be given back; it lapses", metadata: ["error": "\(error)"])
        }
    }

    /// Asks for renewals in time, up to three beside each other.
    private func renew(_ standing: Standing) async {
        let third = configuration.leaseDuration / 3
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled, !standing.isSuperseded {
                if standing.begin(atMost: 3) {
                    group.addTask { await renewOnce(standing) }
                }
                await standing.change.nap(upTo: third / 2)
                // Half a turn is long for an answer: without one the next is sent at once.
                if !standing.hasUnanswered { await standing.change.nap(upTo: third / 2) }
            }
            group.cancelAll()
        }
    }

    private func renewOnce(_ standing: Standing) async {
        // Counted from before the statement was sent: the database counts from later, so ours ends first.
        let sent = ContinuousClock.now
        do {
            let isOurs = try await renewals.store.renewLease(of: node, running: running.count)
            if isOurs {
                // What waited for the lease to hold again goes on.
                if lease.renewed(sent: sent) { signals.work.wake() }
                if standing.succeed() { logger.notice("The lease is renewed again") }
            } else {
                standing.supersede()
            }
        } catch {
            guard !Task.isCancelled else { return standing.end() }
            if standing.fail() {
                logger.error("The lease could not be renewed and is tried again", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: .milliseconds(200))  // Cancelled when the server stops.
            standing.end()
        }
        health.note(.leaseKeeper, isWell: standing.isWell)
    }

    private func heedWishes(_ standing: Standing) async {
        var recovery = LoopRecovery("wishes", logger: logger)
        while !Task.isCancelled {
            do {
                try await heedWishes()
                recovery.succeed()
                await signals.wishes.nap(upTo: configuration.leaseDuration / 3)
            } catch {
                await signals.wishes.nap(upTo: recovery.delay(after: error))
            }
        }
    }

    private func heedWishes() async throws {
        for wish in try await database.store.wishes(for: running.leases) {
            running.end(wish.token, .heard(wish.wish))
        }
    }
}

/// Another server has started on a copy of this one's data directory, or this one was silent until it was forgotten.
package struct NodeSuperseded: Error, CustomStringConvertible {
    let name: String

    package var description: String {
        """
        Another server has started as this node (\(name)), from a copy of this data directory, or this one was silent \
        for so long that it was forgotten. It stops: give each server a data directory of its own, and start it again.
        """
    }
}
