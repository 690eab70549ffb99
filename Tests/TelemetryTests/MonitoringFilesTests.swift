import Foundation
import Metrics
import Testing

@testable import Telemetry

struct MonitoringFilesTests {
    @Test(arguments: ["alerts.yml", "grafana/dashboards/qkron.json"])
    func `alerts and dashboards ask only for metrics that qkron describes`(file: String) throws {
        let registry = PrometheusRegistry()
        registry.describeStableMetrics()
        registry.collectProcessMetrics()
        let monitoring = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../monitoring")
        let content = try String(contentsOf: monitoring.appending(path: file), encoding: .utf8)
        let names = Set(content.matches(of: /\b(?:qkron|process)_[a-z_]+/).map { String($0.output) })
        #expect(names.count > 10)
        for name in names {
            let family = name.hasSuffix("_bucket") ? String(name.dropLast("_bucket".count)) : name
            // A described gauge shows its help from its first value on; a metric of another kind refuses to be one.
            _ = Meter(label: family, factory: registry)
            #expect(registry.exposition().contains("# HELP \(family) "), "\(family)")
        }
    }
}
