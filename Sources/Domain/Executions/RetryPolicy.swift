import Scheduling

/// When a failed attempt is tried again.
package struct RetryPolicy: Sendable, Hashable {
    /// 0 to 10; attempts are one more.
    package var maxRetries: Int
    /// Seconds, 0 to 86,400.
    package var delay: Int
    package var backoff: Backoff

    /// A policy of `maxRetries` further attempts.
    package init(maxRetries: Int, delay: Int, backoff: Backoff) {
        self.maxRetries = maxRetries
        self.delay = delay
        self.backoff = backoff
    }

    /// What follows the attempt of number `attempt` (1 for the first) that ended in `outcome`.
    package func decision(after outcome: Outcome, attempt: Int) -> RetryDecision {
        let again = attempt <= maxRetries ? backoff.delay(afterFailures: attempt, base: delay) : nil
        switch outcome {
        case .succeeded: return .end(.completed, nil)
        case .cancelled(let reason): return .end(.cancelled, reason)
        case .failed(let reason): return again.map(RetryDecision.again) ?? .end(.failed, reason)
        case .timedOut: return again.map(RetryDecision.again) ?? .end(.timeout, .timeout)
        // What was interrupted ends at once; a further execution carries on, so that a late result finds nothing.
        case .lost: return .replace(.lost, after: again)
        case .shutDown: return .replace(.shutdown, after: again)
        }
    }
}

/// What follows an attempt.
package enum RetryDecision: Sendable, Equatable {
    /// The run is over.
    case end(ExecutionStatus, Reason?)
    /// The same execution is tried again after so many seconds.
    case again(after: Int)
    /// The run ends as failed, for this reason; a new execution takes its place after so many seconds, if any.
    case replace(Reason, after: Int?)
}
