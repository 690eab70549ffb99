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
    package func accept(_ action: Action) throws(InputFaults) -> Action {
        guard let runner = runners[action.kind] else {
            throw InputFaults([
                InputFault(["task_type"], "'\(action.kind.rawValue)' is no task type of this server", type: "enum")
            ])
        }
        return Action(kind: action.kind, parameters: try runner.accept(action.parameters))
    }

    /// Makes one attempt at a leased execution, or carries on with it; nil if it goes on without this server.
    package func run(_ lease: Lease) async -> AttemptReport? {
        guard let runner = runners[lease.action.kind] else {
            return AttemptReport(
                outcome: .failed(.spawnError),
                error: "This server does not know the task type '\(lease.action.kind.rawValue)'")
        }
        return await runner.run(AttemptContext(lease: lease))
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
