import Domain
import Logging
import ServiceLifecycle
import Storage

/// Prunes history past retention, a small batch at a time with pauses between them. One server of the database at a
/// time does so, by a lock that ends with its session; the others stand by.
package struct Pruner: Service {
    /// The longest pause after a batch that found nothing; one that took long itself rests five times as long.
    private static let longestRest = Duration.milliseconds(500)

    private let retention: Retention
    private let database: Database
    private let pause: Duration
    private let logger: Logger

    /// A pruner.
    ///
    /// - Parameter pause: from the end of one sweep to the next, on whichever server.
    package init(retention: Retention, database: Database, pause: Duration = .seconds(600), logger: Logger) {
        self.retention = retention
        self.database = database
        self.pause = pause
        self.logger = logger
    }

    package func run() async throws {
        EngineMetrics.beginPruning()
        await cancelWhenGracefulShutdown { await loop() }
    }

    private func loop() async {
        var recovery = LoopRecovery("pruner", logger: logger)
        var sweep = PruningSweep(retention)
        // The first sweep waits for no other server's: what it was started with may be new.
        var wait: Int?
        while !Task.isCancelled {
            var nap = Duration.zero
            do {
                let after = try await turn(sweep, waiting: wait)
                recovery.succeed()
                if after?.isOver ?? true {
                    tell(after)
                    sweep = PruningSweep(retention)
                    nap = pause
                    wait = Int(pause / .seconds(1))
                } else if let after {
                    sweep = after
                }
            } catch {
                if Task.isCancelled { return }
                EngineMetrics.pruningFailed()
                // Perhaps there was too much to do at once.
                sweep.shrink()
                nap = recovery.delay(after: error)
            }
            try? await Task.sleep(for: nap)  // Cancelled when the server stops.
        }
    }

    /// Goes on with a sweep for as long as a turn lasts. The transaction holds the turn and nothing else: no snapshot,
    /// no rows.
    ///
    /// - Returns: how far it came; nil if it is not this server's turn.
    private func turn(_ sweep: PruningSweep, waiting wait: Int?) async throws -> PruningSweep? {
        let end = ContinuousClock.now + .seconds(30)
        return try await database.transaction { turn in
            guard try await turn.takePruningTurn(after: sweep.hasBegun ? nil : wait) else { return nil }
            var sweep = sweep
            while !sweep.isOver, ContinuousClock.now < end {
                let before = sweep.pruned
                let took = try await ContinuousClock().measure { try await sweep.pruneBatch(in: database.store) }
                // Most of the time belongs to what fires and runs; nearly all of it where there is nothing to prune.
                let rest = sweep.pruned == before ? min(took * 100, Self.longestRest) : .zero
                try await Task.sleep(for: max(took * 5, rest))
            }
            if sweep.isOver { try await turn.notePruning() }
            return sweep
        }
    }

    private func tell(_ sweep: PruningSweep?) {
        guard let sweep, !sweep.pruned.isEmpty else { return }
        let counts = sweep.pruned.map { ($0.key.rawValue, Logger.MetadataValue.string("\($0.value)")) }
        logger.info("History past retention was pruned", metadata: Dictionary(uniqueKeysWithValues: counts))
    }
}
