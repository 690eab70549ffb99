import Domain

/// What performs one kind of action.
package protocol ActionRunner: Sendable {
    /// The kind that this runner performs.
    var kind: ActionKind { get }

    /// Reads parameters as a caller sent them, and answers them complete, with every default filled in.
    ///
    /// - Throws: every fault found, each at the parameter's name.
    func accept(_ parameters: [String: JSONValue]) throws(InputFaults) -> [String: JSONValue]

    /// Makes one attempt. When the task is cancelled, ends what it began and answers `.cancelled` once it is gone.
    func run(_ attempt: AttemptContext) async -> AttemptReport

    /// Says until when the server's lease holds: past it, what this runner has under way must be dead by itself.
    func holdLease(until instant: ContinuousClock.Instant)

    /// Ends what a dead server's runs left on this machine; returns when it is gone.
    func endLeftovers(of executions: [Identifier<Execution>]) async
}

/// What a runner must know of the attempt it makes.
package struct AttemptContext: Sendable {
    /// The right to make the attempt, with what it is to do.
    package let lease: Lease

    /// The context of an attempt under `lease`.
    package init(lease: Lease) {
        self.lease = lease
    }
}
