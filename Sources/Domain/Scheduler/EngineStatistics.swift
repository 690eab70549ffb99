/// How much is under way in the whole installation.
package struct EngineStatistics: Sendable, Equatable {
    /// Executions that any server runs.
    package let running: Int
    /// Executions that are due and wait for a server.
    package let pending: Int

    /// So many running and pending executions.
    package init(running: Int, pending: Int) {
        self.running = running
        self.pending = pending
    }
}
