import Foundation

/// Which executions a list shows.
package struct ExecutionFilter: Sendable {
    package var task: Identifier<TaskDefinition>
    package var statuses: [ExecutionStatus] = []
    package var triggers: [Trigger] = []
    /// `scheduled_for` at or after this instant.
    package var since: Date?
    /// `scheduled_for` before this instant.
    package var until: Date?

    /// All executions of a task.
    package init(task: Identifier<TaskDefinition>) {
        self.task = task
    }
}
