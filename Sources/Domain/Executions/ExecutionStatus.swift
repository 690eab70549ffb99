/// Where an execution stands.
package enum ExecutionStatus: String, Sendable, CaseIterable {
    case pending, running, completed, failed, timeout, cancelled, skipped

    /// Whether this is an end: ends never change.
    package var isEnd: Bool {
        switch self {
        case .pending, .running: false
        case .completed, .failed, .timeout, .cancelled, .skipped: true
        }
    }
}
