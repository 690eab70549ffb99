/// How long history is kept; nil is without a limit.
package struct Retention: Sendable, Equatable {
    /// Days after which an ended execution is pruned.
    package let executionDays: Int?
    /// The most executions of one task that are kept, the newest of them.
    package let executionsPerTask: Int?
    /// Days after which the output of an ended execution is pruned, be the execution kept or not.
    package let outputDays: Int?
    /// Days after which a line of the audit log is pruned.
    package let auditDays: Int?

    /// A retention of these limits.
    package init(executionDays: Int?, executionsPerTask: Int?, outputDays: Int?, auditDays: Int?) {
        self.executionDays = executionDays
        self.executionsPerTask = executionsPerTask
        self.outputDays = outputDays
        self.auditDays = auditDays
    }

    /// Everything is kept for ever.
    package static let unlimited = Retention(
        executionDays: nil, executionsPerTask: nil, outputDays: nil, auditDays: nil)
}
