import Domain
import Foundation
import Storage
import Synchronization

/// How a part of the server is.
package enum Health: String, Sendable, CaseIterable {
    case healthy, unhealthy, disabled
}

/// What a server tells of its own health.
package struct HealthReport: Sendable {
    package let database: Health
    package let scheduler: Health
    package let executor: Health

    /// Whether every part that this server has is well.
    package var isHealthy: Bool { ![database, scheduler, executor].contains(.unhealthy) }
}

/// Answers probes.
package struct HealthOperations: Sendable {
    private let probe: DatabaseProbe
    private let parts: ServerParts

    /// Tells of what `probe` finds, and of the server's own `parts`.
    package init(probe: DatabaseProbe, parts: ServerParts) {
        self.probe = probe
        self.parts = parts
    }

    /// How the parts are. Asks the database, for at most 1.5 s.
    package func report() async -> HealthReport {
        let (scheduler, executor) = parts.engine()
        return HealthReport(database: await databaseHealth(), scheduler: scheduler, executor: executor)
    }

    /// Whether this server can take requests: every part is well, and it is not about to leave.
    package func isReady() async -> Bool {
        guard !parts.isStopping else { return false }
        return await report().isHealthy
    }

    /// What is under way in the whole installation; nil while the database does not answer.
    package func statistics() async -> EngineStatistics? {
        await probe.ask()?.statistics
    }

    private func databaseHealth() async -> Health {
        await probe.ask()?.takesWrites == true ? .healthy : .unhealthy
    }
}

/// What the server's wiring tells the probes.
package final class ServerParts: Sendable {
    private let stopping = Mutex(false)
    /// How scheduler and executor are.
    package let engine: @Sendable () -> (scheduler: Health, executor: Health)

    /// Parts whose engine is asked by `engine`.
    package init(engine: @escaping @Sendable () -> (scheduler: Health, executor: Health)) {
        self.engine = engine
    }

    /// Whether the server is about to leave.
    package var isStopping: Bool { stopping.withLock { $0 } }

    /// Says that the server is about to leave.
    package func beginStopping() {
        stopping.withLock { $0 = true }
    }
}
