/// How an attempt ended. Closed on purpose: a new ending should stop the build until every decision knows it.
package enum Outcome: Sendable, Equatable {
    case succeeded
    /// It ended by itself, and not well.
    case failed(Reason)
    case timedOut
    /// Somebody asked for the end, for this reason.
    case cancelled(Reason)
    /// Its executor died, or its lease lapsed.
    case lost
    /// The server was told to stop.
    case shutDown
}

/// What an attempt leaves behind.
package struct AttemptReport: Sendable {
    package let outcome: Outcome
    /// The exit code, or 128 + signal; nil where the action did not end by itself.
    package let returnCode: Int?
    package let error: String?
    /// What the action gave back.
    package let result: JSONValue?
    package let stdout: OutputText
    package let stderr: OutputText

    /// A report of these parts.
    package init(
        outcome: Outcome, returnCode: Int? = nil, error: String? = nil, result: JSONValue? = nil,
        stdout: OutputText = .empty, stderr: OutputText = .empty
    ) {
        self.outcome = outcome
        self.returnCode = returnCode
        self.error = error
        self.result = result
        self.stdout = stdout
        self.stderr = stderr
    }
}
