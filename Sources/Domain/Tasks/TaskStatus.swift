/// Where a task stands: it follows the latest of its runs that started.
package enum TaskStatus: String, Sendable, CaseIterable {
    case pending, running, completed, failed, cancelled, skipped
}
