/// What an API key may be used for. Scopes do not imply each other.
package enum APIKeyScope: String, Sendable, CaseIterable {
    /// Reads tasks, executions, slots and output, and previews schedules.
    case readTasks = "tasks:read"
    /// Makes, changes and removes tasks.
    case writeTasks = "tasks:write"
    /// Asks for runs, and cancels them.
    case executeTasks = "tasks:execute"
    /// The queue; only superusers may give it.
    case queue
    /// Reads the metrics where they are protected.
    case metrics
}
