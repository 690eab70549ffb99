import Foundation

/// Which executions a list shows.
package struct ExecutionFilter: Sendable {
    /// The task that they are runs of.
    package var task: Identifier<TaskDefinition>?
    /// Whose tasks they are runs of.
    package var owner: OwnerFilter?
    package var statuses: [ExecutionStatus] = []
    package var triggers: [Trigger] = []
    /// `scheduled_for` at or after this instant.
    package var since: Date?
    /// `scheduled_for` before this instant.
    package var until: Date?

    /// All executions, or those of a task.
    package init(task: Identifier<TaskDefinition>? = nil) {
        self.task = task
    }
}
