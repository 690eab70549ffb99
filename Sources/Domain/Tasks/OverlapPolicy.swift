/// What happens when a run of a task meets an unfinished run of the same task: one that waits, runs, or stands
/// between two attempts.
package enum OverlapPolicy: String, Sendable, CaseIterable {
    /// A slot is recorded skipped; a run asked for by hand waits.
    case skip
    /// It waits and runs in order of its slot.
    case queue
    /// It runs beside the other.
    case allow
    /// The unfinished runs are cancelled, and dead, before the new one starts.
    case cancelPrevious = "cancel_previous"

    /// At most so many executions of one task wait at a time; a further slot is skipped, a further request refused.
    package static let waitingLimit = 1_000

    /// What becomes of a new run of a task that has so many unfinished and waiting ones.
    ///
    /// - Parameter isSlot: whether a schedule asks for the run (and not a person, or a lost run's retry).
    package func decision(unfinished: Int, waiting: Int, isSlot: Bool) -> Decision {
        switch self {
        case .cancelPrevious:
            return unfinished > 0 ? .supersede : .run
        case .skip where isSlot && unfinished > 0:
            return .skip(.overlap)
        case .skip, .queue, .allow:
            return waiting < Self.waitingLimit ? .run : .skip(.queueFull)
        }
    }

    /// What becomes of a new run.
    package enum Decision: Sendable, Equatable {
        /// It is made, and starts as soon as it may.
        case run
        /// It is made, and every unfinished run of the task is cancelled first.
        case supersede
        /// It does not happen, for this reason.
        case skip(Reason)
    }
}
