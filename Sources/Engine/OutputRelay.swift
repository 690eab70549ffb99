import Actions
import Domain
import Logging
import ServiceLifecycle
import Storage

/// Writes the output of running attempts as it comes, of those that somebody watches. What nobody watches is written
/// once, at the end.
package struct OutputRelay: Service {
    /// So often what is new is written.
    private static let pause = Duration.milliseconds(400)
    /// How long nobody is looked for who watches, unless somebody announces it.
    private static let longestNap = Duration.seconds(10)
    private static let sweepInterval = Duration.seconds(60)
    /// So many pieces of an attempt are written in one turn: who writes faster is left behind.
    private static let piecesAtOnce = 8

    private let database: Database
    private let catalog: ActionCatalog
    private let running: RunningAttempts
    private let signals: EngineSignals
    private let logger: Logger

    /// A relay of what the attempts in `running` write.
    package init(
        database: Database, catalog: ActionCatalog, running: RunningAttempts, signals: EngineSignals, logger: Logger
    ) {
        self.database = database
        self.catalog = catalog
        self.running = running
        self.signals = signals
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown { await relay() }
    }

    private func relay() async {
        var recovery = LoopRecovery("output relay", logger: logger)
        /// By fencing token.
        var written: [Int: [OutputChannel: OutputPlace]] = [:]
        var nextSweep = ContinuousClock.now
        while !Task.isCancelled {
            do {
                let leases = running.leases
                let watched = try await database.store.watched(among: leases.map(\.executionID))
                var places: [Int: [OutputChannel: OutputPlace]] = [:]
                for lease in leases where watched.contains(lease.executionID) {
                    places[lease.fencingToken] = try await write(lease, beyond: written[lease.fencingToken])
                }
                written = places
                if ContinuousClock.now >= nextSweep {
                    nextSweep = .now + Self.sweepInterval
                    try await database.store.sweepLiveOutput()
                }
                recovery.succeed()
                await signals.output.nap(upTo: watched.isEmpty ? Self.longestNap : Self.pause)
            } catch {
                guard !Task.isCancelled else { return }
                await signals.output.nap(upTo: recovery.delay(after: error))
            }
        }
    }

    /// - Returns: how far the output of the attempt is written.
    private func write(
        _ lease: Lease, beyond known: [OutputChannel: OutputPlace]?
    ) async throws -> [OutputChannel: OutputPlace] {
        var places = known ?? [:]
        if known == nil { places = try await database.store.writtenOutput(of: lease) }
        for _ in 0..<Self.piecesAtOnce {
            let pieces = await catalog.output(of: lease, beyond: places)
            guard !pieces.isEmpty else { break }
            try await database.store.write(pieces, of: lease)
            for piece in pieces { places[piece.stream] = piece.end }
        }
        return places
    }
}
