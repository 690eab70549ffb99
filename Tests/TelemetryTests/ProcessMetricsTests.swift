import Foundation
import Testing

@testable import Telemetry

struct ProcessMetricsTests {
    @Test func `the fields of a process are found behind any program name`() throws {
        let stat = """
            4711 (a) b (c)) S 1 4711 4711 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 4 0 123400 8192000 500 184467
            """
        let statistics = try #require(ProcessMetrics.statistics(stat: stat, ticks: 100, page: 4_096))
        #expect(statistics.cpuSeconds == 3)
        #expect(statistics.virtualBytes == 8_192_000)
        #expect(statistics.residentBytes == 2_048_000)
        #expect(statistics.startedAfterBoot == 1_234)
        #expect(ProcessMetrics.statistics(stat: "1 (a) S 1", ticks: 100, page: 4_096) == nil)
        #expect(ProcessMetrics.statistics(stat: "", ticks: 100, page: 4_096) == nil)
    }

    @Test func `all recommended metrics are shown with plausible values`() throws {
        let registry = PrometheusRegistry()
        registry.collectProcessMetrics()
        let text = registry.exposition()
        func value(_ name: String) throws -> Double {
            let line = try #require(text.split(separator: "\n").first { $0.hasPrefix(name + " ") }, "\(name)")
            return try #require(Double(line.split(separator: " ")[1]))
        }
        #expect(try value("process_cpu_seconds_total") >= 0)
        #expect(try (1e6..<1e11).contains(value("process_resident_memory_bytes")))
        #expect(try value("process_virtual_memory_bytes") >= value("process_resident_memory_bytes"))
        #expect(try (3...value("process_max_fds")).contains(value("process_open_fds")))
        let age = try Date().timeIntervalSince1970 - value("process_start_time_seconds")
        #expect((-1.0..<86_400).contains(age))
        #expect(text.contains("# TYPE process_cpu_seconds_total counter\n"))
        #expect(text.contains("# TYPE process_start_time_seconds gauge\n"))
    }

    @Test func `the descriptor limit is the soft one`() {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        #expect(ProcessMetrics.descriptorLimit() == Double(limit.rlim_cur))
    }

    @Test func `an open file counts as a descriptor`() throws {
        let descriptors = try (0..<200).map { _ in try #require(FileHandle(forReadingAtPath: "/dev/null")) }
        let opened = try #require(ProcessMetrics.openDescriptors())
        #expect(opened >= 203)
        #expect(descriptors.count == 200)
    }
}
