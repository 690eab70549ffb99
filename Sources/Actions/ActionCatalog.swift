import Domain

/// The kinds of action that this server knows.
package struct ActionCatalog: Sendable {
    private let runners: [ActionKind: any ActionRunner]

    /// A catalog of these runners, one a kind.
    package init(_ runners: [any ActionRunner]) {
        self.runners = Dictionary(uniqueKeysWithValues: runners.map { ($0.kind, $0) })
    }

    /// Reads an action as a caller sent it.
    ///
    /// - Throws: every fault found.
    package func accept(_ action: Action) throws(InputFaults) -> AcceptedAction {
        guard let runner = runners[action.kind] else {
            throw InputFaults([
                InputFault(["task_type"], "'\(action.kind.rawValue)' is no task type of this server", type: "enum")
            ])
        }
        var parameters = try runner.accept(action.parameters)
        let secrets = runner.takeSecrets(from: &parameters)
        return AcceptedAction(action: Action(kind: action.kind, parameters: parameters), secrets: secrets)
    }

    /// Reads what a change sends of an action's parameters as far as that can be judged without the rest.
    ///
    /// - Throws: every fault found, also those of parameters that the change leaves out.
    package func check(change: [TextKey: JSONValue], of kind: ActionKind) throws(InputFaults) {
        let parameters = runners[kind]?.completed(change) ?? change
        _ = try accept(Action(kind: kind, parameters: parameters))
    }

    /// Reads the action as a change makes it of the stored one; null takes a parameter back to its default.
    ///
    /// - Throws: every fault found.
    package func accept(
        _ change: [TextKey: JSONValue], of action: Action
    ) throws(InputFaults) -> AcceptedAction {
        let parameters =
            runners[action.kind]?.changed(action.parameters, by: change) ?? action.parameters.merging(change) { $1 }
        return try accept(Action(kind: action.kind, parameters: parameters.filter { $0.value != .null }))
    }

    /// Makes one attempt at a leased execution, or carries on with it; nil if it goes on without this server.
    ///
    /// - Parameters:
    ///   - secrets: the secret values of its action, opened.
    ///   - deadline: until when the server's lease holds unless it is renewed.
    package func run(
        _ lease: Lease, secrets: [TextKey: String] = [:], deadline: ContinuousClock.Instant
    ) async -> AttemptReport? {
        guard let runner = runners[lease.action.kind] else {
            return AttemptReport(
                outcome: .failed(.spawnError),
                error: "This server does not know the task type '\(lease.action.kind.rawValue)'")
        }
        return await runner.run(AttemptContext(lease: lease, secrets: secrets, deadline: deadline))
    }

    /// What a leased attempt under way has written to each stream beyond these places, a piece at a time.
    package func output(of lease: Lease, beyond places: [OutputChannel: OutputPlace]) async -> [OutputPiece] {
        await runners[lease.action.kind]?.output(of: lease.attemptID, beyond: places) ?? []
    }

    /// Says that the report of a leased attempt is recorded, or refused for good.
    package func settle(_ lease: Lease) {
        runners[lease.action.kind]?.settle(lease.attemptID)
    }

    /// The attempts that an earlier server began, and that go on or ended with nobody to record it.
    package var inheritedAttempts: [AttemptID] {
        runners.values.flatMap(\.inheritedAttempts)
    }

    /// Ends the inherited attempts that are not granted to this server.
    package func endInherited(except granted: Set<AttemptID>) {
        for runner in runners.values { runner.endInherited(except: granted) }
    }

    /// The attempts under way that would go on without this server.
    package var detachableAttempts: [AttemptID] {
        runners.values.flatMap(\.detachableAttempts)
    }

    /// Lets go of the attempts that can go on without this server.
    package func detach() async {
        for runner in runners.values { await runner.detach() }
    }

    /// Says to every runner until when the server's lease holds.
    package func holdLease(until instant: ContinuousClock.Instant) {
        for runner in runners.values { runner.holdLease(until: instant) }
    }

    /// Ends what dead servers' runs left on this machine; returns when it is gone.
    package func endLeftovers(of attempts: [AttemptID]) async {
        for runner in runners.values { await runner.endLeftovers(of: attempts) }
    }
}

/// An action that was read, before its secrets are sealed.
package struct AcceptedAction: Sendable {
    /// The action without any secret value.
    package let action: Action
    /// The secret values by their names; nil: the one that is stored.
    package let secrets: [TextKey: String?]
}
