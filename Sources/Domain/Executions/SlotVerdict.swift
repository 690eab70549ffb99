import Foundation

/// What became of a due slot.
package enum SlotVerdict: String, Sendable, CaseIterable {
    /// An execution was made for it, and not skipped.
    case ran
    /// It was decided that it does not run.
    case skipped
    /// Nobody took it up, or nothing is known of it any more.
    case missed
}

/// A due slot and its verdict: why it ran, or why not.
package struct SlotRecord: Sendable, Equatable {
    /// The instant at which the schedule was due.
    package let scheduledFor: Date
    package let verdict: SlotVerdict
    /// The execution's reason, or why there is none.
    package let reason: Reason?
    /// The latest of the slot's executions.
    package let executionID: Identifier<Execution>?
    /// How that one stands.
    package let status: ExecutionStatus?
}

/// The latest execution of a slot, as far as the slot's verdict follows from it.
package struct SlotRun: Sendable, Equatable {
    package let scheduledFor: Date
    package let id: Identifier<Execution>
    package let status: ExecutionStatus
    package let reason: Reason?

    /// An execution of these parts.
    package init(scheduledFor: Date, id: Identifier<Execution>, status: ExecutionStatus, reason: Reason?) {
        self.scheduledFor = scheduledFor
        self.id = id
        self.status = status
        self.reason = reason
    }
}

/// What was in force of a task's schedule from one change to the next.
package struct SchedulePeriod: Sendable {
    package let timing: TaskTiming
    /// Whether its slots fired: the task was not paused, nor its owner disabled.
    package let isActive: Bool
    /// Slots after it are of this period.
    package let from: Date
    /// Slots up to it are of this period; nil for the present one.
    package let until: Date?

    /// A period of these parts.
    package init(timing: TaskTiming, isActive: Bool, from: Date, until: Date?) {
        self.timing = timing
        self.isActive = isActive
        self.from = from
        self.until = until
    }
}
