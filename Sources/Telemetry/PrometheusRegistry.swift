import Metrics
import Synchronization

/// The one metrics backend of the process: hands out swift-metrics handlers and writes their values as Prometheus text.
///
/// Values are changed without the registry's lock (an atomic, or a lock per histogram), so a handle that is kept costs
/// next to nothing. Making a handle looks its series up under the lock; the same name and labels give the same series.
///
/// Names and label names are made valid (`[a-zA-Z_:][a-zA-Z0-9_:]*`, everything else becomes `_`); nothing is added to
/// them, so counters are named `…_total` and times `…_seconds` by the caller. A series beyond `seriesLimit` in its
/// family, or under a name that another kind of metric holds, works but is not shown; each such request counts in
/// `qkron_metrics_dropped_series_total`.
package final class PrometheusRegistry: MetricsFactory, Sendable {
    private let catalog: Mutex<MetricCatalog>
    private let collectors = Mutex<[@Sendable (inout CollectedMetrics) -> Void]>([])

    /// An empty registry that keeps at most `seriesLimit` series (combinations of label values) a family.
    package init(seriesLimit: Int = 1_000) {
        catalog = Mutex(MetricCatalog(seriesLimit: seriesLimit))
    }

    /// Sets the help text of a metric and, for a histogram, the upper bounds of its buckets (`+Inf` is implied;
    /// values that are not finite are ignored; default: 5 ms to 10 s).
    ///
    /// From then on `# HELP` and `# TYPE` are shown without any value, if the kind can be told: `buckets` make a
    /// histogram, the ending `_total` a counter. Buckets are fixed when a histogram's first series is made; describe
    /// it before that.
    package func describe(_ name: String, help: String, buckets: [Double]? = nil) {
        catalog.withLock { $0.describe(name, help: help, buckets: buckets) }
    }

    /// Has `body` called at every exposition, to report values that are known only then.
    ///
    /// What it reports lives for that exposition alone: a series that it leaves out the next time is gone. `body` must
    /// not block, and may be called by several expositions at once.
    package func onCollect(_ body: @escaping @Sendable (_ metrics: inout CollectedMetrics) -> Void) {
        collectors.withLock { $0.append(body) }
    }

    /// All metrics in the Prometheus text format 0.0.4 (`text/plain; version=0.0.4`), families and series sorted.
    package func exposition() -> String {
        var collected = CollectedMetrics()
        // Outside of both locks, so that a collector may itself use the registry.
        for collector in collectors.withLock({ $0 }) {
            collector(&collected)
        }
        var snapshot = catalog.withLock { $0 }
        snapshot.add(collected)
        return PrometheusText.exposition(of: snapshot)
    }

    private func handler<Cell: MetricCell>(_ label: String, _ dimensions: [(String, String)]) -> Cell? {
        let series = SeriesKey(label, dimensions, kind: Cell.kind)
        return catalog.withLock { $0.cell(series) }
    }

    private func remove(_ handler: AnyObject) {
        guard let cell = handler as? any MetricCell else { return }
        catalog.withLock { $0.remove(cell) }
    }
}

/// What swift-metrics asks of a backend.
extension PrometheusRegistry {
    /// The counter of that name and those labels.
    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        let cell: CounterCell? = handler(label, dimensions)
        return cell ?? NOOPMetricsHandler.instance
    }

    /// The counter of that name and those labels; whole and fractional increments go to one sum.
    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        let cell: CounterCell? = handler(label, dimensions)
        return cell ?? NOOPMetricsHandler.instance
    }

    /// The gauge of that name and those labels.
    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        let cell: GaugeCell? = handler(label, dimensions)
        return cell ?? NOOPMetricsHandler.instance
    }

    /// A histogram if `aggregate`, else a gauge that keeps the last value.
    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        if aggregate {
            let cell: HistogramCell? = handler(label, dimensions)
            return cell ?? NOOPMetricsHandler.instance
        }
        let cell: GaugeCell? = handler(label, dimensions)
        return cell ?? NOOPMetricsHandler.instance
    }

    /// A histogram in seconds.
    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        let cell: HistogramCell? = handler(label, dimensions)
        return cell ?? NOOPMetricsHandler.instance
    }

    /// Forgets the series; its family stays.
    package func destroyCounter(_ handler: any CounterHandler) { remove(handler) }

    /// Forgets the series; its family stays.
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }

    /// Forgets the series; its family stays.
    package func destroyMeter(_ handler: any MeterHandler) { remove(handler) }

    /// Forgets the series; its family stays.
    package func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }

    /// Forgets the series; its family stays.
    package func destroyTimer(_ handler: any TimerHandler) { remove(handler) }
}
