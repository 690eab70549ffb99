import Foundation

extension PrometheusRegistry {
    /// Shows the process's own use of the machine at every exposition, under the names that Prometheus recommends for
    /// all its clients (`process_cpu_seconds_total`, `process_resident_memory_bytes`, …).
    ///
    /// Read from `/proc/self`; what cannot be read is left out, so elsewhere than on Linux nothing is shown.
    package func collectProcessMetrics() {
        describe("process_cpu_seconds_total", help: "Total user and system CPU time spent in seconds.")
        describe("process_resident_memory_bytes", help: "Resident memory size in bytes.")
        describe("process_virtual_memory_bytes", help: "Virtual memory size in bytes.")
        describe("process_open_fds", help: "Number of open file descriptors.")
        describe("process_max_fds", help: "Maximum number of open file descriptors.")
        describe("process_start_time_seconds", help: "Start time of the process since unix epoch in seconds.")
        // Read once: the kernel derives the boot time from the clock, and would move our start when that is set.
        let started = ProcessMetrics.startTime()
        onCollect { metrics in
            if let statistics = ProcessMetrics.statistics() {
                metrics.counter("process_cpu_seconds_total", statistics.cpuSeconds)
                metrics.gauge("process_resident_memory_bytes", statistics.residentBytes)
                metrics.gauge("process_virtual_memory_bytes", statistics.virtualBytes)
            }
            if let open = ProcessMetrics.openDescriptors() { metrics.gauge("process_open_fds", open) }
            if let limit = ProcessMetrics.descriptorLimit() { metrics.gauge("process_max_fds", limit) }
            if let started { metrics.gauge("process_start_time_seconds", started) }
        }
    }
}

/// Readings of `/proc` about this process (proc(5)); nil where there is none.
enum ProcessMetrics {
    struct Statistics: Equatable {
        let cpuSeconds: Double
        let virtualBytes: Double
        let residentBytes: Double
        let startedAfterBoot: Double
    }

    static func statistics() -> Statistics? {
        content("/proc/self/stat").flatMap {
            statistics(stat: $0, ticks: Double(sysconf(Int32(_SC_CLK_TCK))), page: Double(sysconf(Int32(_SC_PAGESIZE))))
        }
    }

    static func statistics(stat: String, ticks: Double, page: Double) -> Statistics? {
        // The second field is the program's name in parentheses and may hold spaces and parentheses itself.
        guard let nameEnd = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: nameEnd)...].split(separator: " ").map { Double($0) }
        // Numbers as in proc(5), where the field after the name is the third.
        func field(_ number: Int) -> Double? { fields.count > number - 3 ? fields[number - 3] : nil }
        guard let user = field(14), let system = field(15), let start = field(22), let virtual = field(23),
            let resident = field(24)
        else { return nil }
        return Statistics(
            cpuSeconds: (user + system) / ticks, virtualBytes: virtual, residentBytes: resident * page,
            startedAfterBoot: start / ticks)
    }

    /// Seconds since 1970.
    static func startTime() -> Double? {
        guard let statistics = statistics(),
            let line = content("/proc/stat")?.split(separator: "\n").first(where: { $0.hasPrefix("btime ") }),
            let boot = Double(line.dropFirst("btime ".count))
        else { return nil }
        return boot + statistics.startedAfterBoot
    }

    static func openDescriptors() -> Double? {
        // Not readable means not shown, as on other systems than Linux.
        guard let entries = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") else { return nil }
        // One of them belongs to this very listing.
        return Double(entries.count - 1)
    }

    /// The soft limit; infinite if there is none.
    static func descriptorLimit() -> Double? {
        guard let limits = content("/proc/self/limits"),
            let line = limits.split(separator: "\n").first(where: { $0.hasPrefix("Max open files") }),
            let soft = line.dropFirst("Max open files".count).split(separator: " ").first
        else { return nil }
        return soft == "unlimited" ? .infinity : Double(soft)
    }

    private static func content(_ path: String) -> String? {
        // Not readable means not shown, as on other systems than Linux.
        try? String(contentsOfFile: path, encoding: .utf8)
    }
}
