/// Why an execution stands where it stands.
package enum Reason: String, Sendable, CaseIterable {
    // Skipped.
    case overlap
    case queueFull = "queue_full"
    case misfire
    // Failed.
    case exitCode = "exit_code"
    case signal
    case spawnError = "spawn_error"
    case lost
    case shutdown
    // Timed out.
    case timeout
    // Cancelled.
    case requested
    case taskCancelled = "task_cancelled"
    case superseded
    // Waiting; `overlap` is one of these too.
    case concurrency
    case retryDelay = "retry_delay"
    case noServer = "no_server"
}
