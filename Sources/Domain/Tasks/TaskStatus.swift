/// Where a task stands: it follows the latest of its runs that started. The schema and the API know
/// `skipped`, which only a later version gives.
package enum TaskStatus: String, Sendable, CaseIterable {
    case pending, running, completed, failed, cancelled, skipped
}
