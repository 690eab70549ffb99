import Domain

/// What performs one kind of action.
package protocol ActionRunner: Sendable {
    /// The kind that this runner performs.
    var kind: ActionKind { get }

    /// Reads parameters as a caller sent them, and answers them complete, with every default filled in.
    ///
    /// - Throws: every fault found, each at the parameter's name.
    func accept(_ parameters: [TextKey: JSONValue]) throws(InputFaults) -> [TextKey: JSONValue]

    /// The parameters as a change makes them of what is stored; a null of the change stands for the default.
    func changed(_ parameters: [TextKey: JSONValue], by change: [TextKey: JSONValue]) -> [TextKey: JSONValue]

    /// A change with what it leaves out and is judged by, as if it were stored so: to read it without the task.
    func completed(_ change: [TextKey: JSONValue]) -> [TextKey: JSONValue]

    /// Takes the values that are secret out of accepted parameters, and leaves null in their places. Nil: the value is
    /// the one that is stored.
    func takeSecrets(from parameters: inout [TextKey: JSONValue]) -> [TextKey: String?]

    /// Makes one attempt, or carries on with one that an earlier server began. When the task is cancelled, ends what it
    /// began and answers `.cancelled` once it is gone; nil if the attempt goes on without this server (`detach`).
    func run(_ attempt: AttemptContext) async -> AttemptReport?

    /// What an attempt under way has written to each stream beyond these places, a piece at a time; none where it
    /// cannot be told.
    func output(of attempt: AttemptID, beyond places: [OutputChannel: OutputPlace]) async -> [OutputPiece]

    /// Says that the attempt's report is recorded, or refused for good, and need not be kept.
    func settle(_ attempt: AttemptID)

    /// The attempts that an earlier server began, and that go on or ended with nobody to record it.
    var inheritedAttempts: [AttemptID] { get }

    /// Ends the inherited attempts that are not granted to this server.
    func endInherited(except granted: Set<AttemptID>)

    /// The attempts under way that would go on without this server.
    var detachableAttempts: [AttemptID] { get }

    /// Lets go of the attempts under way, so that the next server may carry on with them; `run` answers nil for them.
    func detach() async

    /// Says until when the server's lease holds: past it, what this runner has under way must be dead by itself.
    func holdLease(until instant: ContinuousClock.Instant)

    /// Ends what a dead server's runs left on this machine; returns when it is gone.
    func endLeftovers(of attempts: [AttemptID]) async
}

/// A kind whose parameters hold no secret, and can be told apart.
extension ActionRunner {
    package func changed(
        _ parameters: [TextKey: JSONValue], by change: [TextKey: JSONValue]
    ) -> [TextKey: JSONValue] {
        parameters.merging(change) { $1 }
    }
    package func completed(_ change: [TextKey: JSONValue]) -> [TextKey: JSONValue] { change }
    package func takeSecrets(from parameters: inout [TextKey: JSONValue]) -> [TextKey: String?] { [:] }
}

/// A kind whose attempts live in the server itself leaves nothing to another one: it goes on to its end first.
extension ActionRunner {
    package func output(
        of attempt: AttemptID, beyond places: [OutputChannel: OutputPlace]
    ) async -> [OutputPiece] { [] }
    package func settle(_ attempt: AttemptID) {}
    package var inheritedAttempts: [AttemptID] { [] }
    package func endInherited(except granted: Set<AttemptID>) {}
    package var detachableAttempts: [AttemptID] { [] }
    package func detach() async {}
}

/// What a runner must know of the attempt it makes.
package struct AttemptContext: Sendable {
    /// The right to make the attempt, with what it is to do.
    package let lease: Lease
    /// The secret values of the action, by their names.
    package let secrets: [TextKey: String]
    /// Until when the server's lease held when the attempt began. Where a renewal has not moved it on before it passed,
    /// the attempt must not start: it may have been given away.
    package let deadline: ContinuousClock.Instant

    /// The context of an attempt under `lease`, with its secrets opened.
    package init(lease: Lease, secrets: [TextKey: String] = [:], deadline: ContinuousClock.Instant) {
        self.lease = lease
        self.secrets = secrets
        self.deadline = deadline
    }
}
