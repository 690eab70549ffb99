import Metrics
import Synchronization
import Testing

@testable import Telemetry

struct CollectedMetricsTests {
    let registry = PrometheusRegistry()

    @Test func `collectors are asked anew at every exposition`() {
        let asked = Atomic<Int>(0)
        registry.describe("pool_connections", help: "Connections.")
        registry.onCollect { metrics in
            let round = asked.add(1, ordering: .relaxed).newValue
            metrics.gauge("pool_connections", Double(round), [("state", round == 1 ? "idle" : "busy")])
            metrics.counter("pool_seconds_total", Double(round) + 0.5)
        }
        #expect(
            registry.exposition().hasPrefix(
                """
                # HELP pool_connections Connections.
                # TYPE pool_connections gauge
                pool_connections{state="idle"} 1
                # TYPE pool_seconds_total counter
                pool_seconds_total 1.5

                """))
        let second = registry.exposition()
        #expect(second.contains("\npool_connections{state=\"busy\"} 2\n# TYPE pool_seconds_total"))
        #expect(second.contains("\npool_seconds_total 2.5\n"))
        #expect(!second.contains("idle"))
    }

    @Test func `a series with a handle keeps its own value`() {
        let counter = Counter(label: "a_total", factory: registry)
        counter.increment()
        registry.onCollect { $0.counter("a_total", 100) }
        #expect(registry.exposition().contains("\na_total 1\n"))
        #expect(registry.exposition().contains("\nqkron_metrics_dropped_series_total 2\n"))
    }

    @Test func `a collector may use the registry itself`() {
        registry.onCollect { [registry] _ in Gauge(label: "a_now", factory: registry).record(3) }
        #expect(registry.exposition().contains("\na_now 3\n"))
    }
}
