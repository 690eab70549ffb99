import Domain
import Foundation
import Metrics
import Storage

/// What the engine counts and times. No id and no name is ever a label.
package enum EngineMetrics {
    /// Makes the counters that alerts watch, at 0: a first increment from nothing would not be seen.
    static func begin() {
        Counter(label: "qkron_late_results_total").increment(by: 0)
        Counter(label: "qkron_slots_total", dimensions: [("verdict", "ran"), ("reason", "")]).increment(by: 0)
        for reason in [Reason.misfire, .overlap, .queueFull] {
            Counter(label: "qkron_slots_total", dimensions: [("verdict", "skipped"), ("reason", reason.rawValue)])
                .increment(by: 0)
        }
    }

    /// Counts the slot of an execution that was made for it.
    static func slot(_ execution: NewExecution) {
        let verdict = execution.status == .skipped ? "skipped" : "ran"
        // What one waits for is no reason of its slot.
        let reason = execution.status == .pending ? nil : execution.reason
        Counter(
            label: "qkron_slots_total", dimensions: [("verdict", verdict), ("reason", reason?.rawValue ?? "")]
        ).increment()
    }

    /// Counts executions that were cancelled before their first attempt or between two, by the kind of their tasks.
    package static func cancelledWhileWaiting(_ counts: [ActionKind: Int]) {
        for (kind, count) in counts { ended(kind, .cancelled, count: count) }
    }

    /// Counts executions that have ended.
    static func ended(_ kind: ActionKind, _ status: ExecutionStatus, count: Int = 1) {
        Counter(
            label: "qkron_executions_total", dimensions: [("kind", kind.rawValue), ("status", status.rawValue)]
        ).increment(by: count)
    }

    static func started(_ lease: Lease) {
        guard lease.trigger == .schedule, lease.isFirstAttempt else { return }
        Timer(label: "qkron_lateness_seconds")
            .recordNanoseconds(nanoseconds(max(0, lease.grantedAt.timeIntervalSince(lease.dueAt))))
    }

    static func ended(_ lease: Lease, status: ExecutionStatus, duration: Duration) {
        ended(lease.action.kind, status)
        Timer(label: "qkron_execution_duration_seconds", dimensions: [("kind", lease.action.kind.rawValue)])
            .recordNanoseconds(nanoseconds(duration / .seconds(1)))
    }

    static func resultCameTooLate() {
        Counter(label: "qkron_late_results_total").increment()
    }

    /// Makes the pruner's counters, at 0.
    static func beginPruning() {
        Counter(label: "qkron_pruning_failures_total").increment(by: 0)
        for kind in PruningSweep.Kind.allCases { pruned(kind, count: 0) }
    }

    static func pruned(_ kind: PruningSweep.Kind, count: Int) {
        Counter(label: "qkron_pruned_total", dimensions: [("table", kind.rawValue)]).increment(by: count)
    }

    static func pruningFailed() {
        Counter(label: "qkron_pruning_failures_total").increment()
    }

    /// Makes the courier's counters, at 0.
    static func beginDelivering() {
        for outcome in ["sent", "failed", "retried"] { delivered(outcome, count: 0) }
    }

    /// Counts a try of a message.
    static func delivered(_ outcome: DeliveryOutcome) {
        switch outcome {
        case .sent: delivered("sent", count: 1)
        case .again: delivered("retried", count: 1)
        case .failed: delivered("failed", count: 1)
        }
    }

    private static func delivered(_ outcome: String, count: Int) {
        Counter(label: "qkron_callbacks_total", dimensions: [("outcome", outcome)]).increment(by: count)
    }

    private static func nanoseconds(_ seconds: Double) -> Int64 {
        Int64((min(seconds, 1e9) * 1e9).rounded())
    }
}
