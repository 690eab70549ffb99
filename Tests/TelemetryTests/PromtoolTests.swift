import Foundation
import Metrics
import Testing

@testable import Telemetry

@Suite(.enabled(if: Promtool.isInstalled, Promtool.absence))
struct PromtoolTests {
    @Test func `Prometheus accepts everything that is shown`() throws {
        let registry = PrometheusRegistry(seriesLimit: 3)
        registry.describeStableMetrics()
        registry.collectProcessMetrics()
        Gauge(label: "qkron_build_info", dimensions: [("version", "1.0.0")], factory: registry).record(1)
        for status in ["200", "404", "500", "503"] {
            let labels = [("method", "GET"), ("route", "/api/v1/\"x\"\\\r\n\u{0}é"), ("status", status)]
            Counter(label: "qkron_http_requests_total", dimensions: labels, factory: registry).increment()
        }
        for milliseconds in [1, 20, 70_000] {
            Timer(label: "qkron_lateness_seconds", factory: registry).recordMilliseconds(milliseconds)
            Timer(label: "qkron_execution_duration_seconds", dimensions: [("kind", "command")], factory: registry)
                .recordMilliseconds(milliseconds)
        }
        Meter(label: "qkron_executions_running", factory: registry).set(Double.infinity)
        Meter(label: "qkron_executions_pending", factory: registry).set(Double.nan)
        FloatingPointCounter(label: "qkron_slots_total", factory: registry).increment(by: 0.1)
        registry.onCollect { $0.gauge("qkron_db_connections", 4, [("state", "idle")]) }

        let folder = FileManager.default.temporaryDirectory.appending(path: "qkron-telemetry-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try registry.exposition().write(to: folder.appending(path: "metrics"), atomically: true, encoding: .utf8)
        let check = try Promtool.run("check metrics < metrics", in: folder)
        #expect(check.status == 0 && check.output.isEmpty, "\(check.output)")
    }
}
