import Storage

/// What ends the naps of the engine's loops.
package struct EngineSignals: Sendable {
    /// A task may be due earlier than was known.
    package let due = WakeSignal()
    /// An execution may be ready.
    package let work = WorkSignal()
    /// Somebody wishes a running execution to end.
    package let wishes = WakeSignal()
    /// Somebody wishes to see the output of an execution.
    let output = WakeSignal()
    /// A message is owed to someone.
    let deliveries = WakeSignal()

    /// Signals that nobody has given yet.
    package init() {}

    /// Passes on what another server, or the API, announced.
    func take(_ announcement: Announcement) {
        switch announcement {
        case .due: due.wake()
        case .work: work.wake()
        case .wishes: wishes.wake()
        case .output: output.wake()
        case .deliveries: deliveries.wake()
        }
    }

    /// Wakes every loop, after announcements may have been missed.
    func takeAll() {
        Announcement.allCases.forEach(take)
    }
}
