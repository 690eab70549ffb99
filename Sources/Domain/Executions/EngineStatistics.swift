/// How much is under way in the whole installation.
package struct EngineStatistics: Sendable, Equatable {
    package let running: Int
    package let pending: Int

    /// So many running and pending executions.
    package init(running: Int, pending: Int) {
        self.running = running
        self.pending = pending
    }
}
