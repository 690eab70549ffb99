/// Names one attempt of an execution, whichever server makes it.
package struct AttemptID: Sendable, Hashable {
    package let execution: Identifier<Execution>
    package let fencingToken: Int

    /// The attempt of `execution` under `fencingToken`.
    package init(execution: Identifier<Execution>, fencingToken: Int) {
        self.execution = execution
        self.fencingToken = fencingToken
    }
}

extension Lease {
    /// The attempt that is granted.
    package var attemptID: AttemptID {
        AttemptID(execution: executionID, fencingToken: fencingToken)
    }
}
