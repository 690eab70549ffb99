import Domain
import Foundation
import Metrics

/// What the engine counts and times. No id and no name is ever a label.
enum EngineMetrics {
    /// Makes the counters that alerts watch, at 0: a first increment from nothing would not be seen.
    static func begin() {
        Counter(label: "qkron_late_results_total").increment(by: 0)
        Counter(label: "qkron_slots_total", dimensions: [("verdict", "ran"), ("reason", "")]).increment(by: 0)
        for reason in [Reason.misfire, .overlap, .queueFull] {
            Counter(label: "qkron_slots_total", dimensions: [("verdict", "skipped"), ("reason", reason.rawValue)])
                .increment(by: 0)
        }
    }

    static func slot(_ execution: NewExecutionVerdict) {
        Counter(
            label: "qkron_slots_total",
            dimensions: [("verdict", execution.verdict), ("reason", execution.reason?.rawValue ?? "")]
        ).increment()
    }

    static func started(_ lease: Lease) {
        guard lease.trigger == .schedule, lease.isFirstAttempt else { return }
        Timer(label: "qkron_lateness_seconds")
            .recordNanoseconds(nanoseconds(max(0, lease.grantedAt.timeIntervalSince(lease.scheduledFor))))
    }

    static func ended(_ lease: Lease, status: ExecutionStatus, duration: Duration) {
        let kind = ("kind", lease.action.kind.rawValue)
        Counter(label: "qkron_executions_total", dimensions: [kind, ("status", status.rawValue)]).increment()
        Timer(label: "qkron_execution_duration_seconds", dimensions: [kind])
            .recordNanoseconds(nanoseconds(duration / .seconds(1)))
    }

    static func resultCameTooLate() {
        Counter(label: "qkron_late_results_total").increment()
    }

    private static func nanoseconds(_ seconds: Double) -> Int64 {
        Int64((min(seconds, 1e9) * 1e9).rounded())
    }
}

/// What became of a slot, as the metric names it.
struct NewExecutionVerdict {
    let verdict: String
    let reason: Reason?
}
