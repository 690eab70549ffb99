/// Why an execution stands where it stands: one of the words here, or one that only a newer server knows, which is
/// kept as it is.
package struct Reason: RawRepresentable, Sendable, Hashable {
    /// The word that is stored and answered.
    package let rawValue: String

    /// The reason of this word, known or not.
    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    // Skipped.
    package static let overlap = Reason(rawValue: "overlap")
    package static let queueFull = Reason(rawValue: "queue_full")
    package static let misfire = Reason(rawValue: "misfire")
    package static let paused = Reason(rawValue: "paused")
    // Skipped, and failed.
    package static let dependency = Reason(rawValue: "dependency")
    // Failed.
    package static let exitCode = Reason(rawValue: "exit_code")
    package static let signal = Reason(rawValue: "signal")
    package static let spawnError = Reason(rawValue: "spawn_error")
    package static let lost = Reason(rawValue: "lost")
    package static let shutdown = Reason(rawValue: "shutdown")
    // Timed out.
    package static let timeout = Reason(rawValue: "timeout")
    // Cancelled.
    package static let requested = Reason(rawValue: "requested")
    package static let taskCancelled = Reason(rawValue: "task_cancelled")
    package static let superseded = Reason(rawValue: "superseded")
    // Waiting; `overlap` is one of these too.
    package static let concurrency = Reason(rawValue: "concurrency")
    package static let retryDelay = Reason(rawValue: "retry_delay")
    package static let noServer = Reason(rawValue: "no_server")
    package static let jitter = Reason(rawValue: "jitter")
    // Missed.
    package static let serverDown = Reason(rawValue: "server_down")
    package static let late = Reason(rawValue: "late")
    package static let recordExpired = Reason(rawValue: "record_expired")
}
