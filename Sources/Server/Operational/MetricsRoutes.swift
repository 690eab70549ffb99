import Domain
import Foundation
import HTTPTypes
import Operations
import Synchronization
import Telemetry

/// The route that Prometheus scrapes.
struct MetricsRoutes {
    let registry: PrometheusRegistry
    let statistics: StatisticsGauges
    let isProtected: Bool

    var routes: [Route] {
        [
            Route(
                .get, "/metrics", .metrics, base: .both, access: isProtected ? .superuserOrKey : .anonymous,
                scope: isProtected ? .metrics : nil, answering: scrape
            ).counted(as: .probe)
        ]
    }

    @Sendable private func scrape(_: Call) async -> Answer {
        await statistics.refresh()
        return Answer(
            status: .ok, mediaType: "text/plain; version=0.0.4; charset=utf-8", body: Array(registry.exposition().utf8))
    }
}

/// How many executions wait in the whole installation, asked of the database once a second at most, however often it is
/// scraped.
final class StatisticsGauges: Sendable {
    private struct State {
        var latest: EngineStatistics?
        var askedAt: ContinuousClock.Instant?
    }

    private let health: HealthOperations
    private let state = Mutex(State())

    init(health: HealthOperations, registry: PrometheusRegistry) {
        self.health = health
        registry.onCollect { [weak self] metrics in
            guard let latest = self?.state.withLock(\.latest) else { return }
            metrics.gauge("qkron_executions_pending", Double(latest.pending))
        }
    }

    /// Asks anew if the answer at hand is older than a second.
    func refresh() async {
        let isDue = state.withLock { state in
            if let askedAt = state.askedAt, .now - askedAt < .seconds(1) { return false }
            state.askedAt = .now
            return true
        }
        guard isDue else { return }
        let latest = await health.statistics()
        state.withLock { $0.latest = latest }
    }
}
