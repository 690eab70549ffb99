import Domain
import Synchronization

/// Tasks that this server cannot read, and leaves to others for a minute.
final class UnreadableTasks: Sendable {
    private let since = Mutex<[Identifier<TaskDefinition>: ContinuousClock.Instant]>([:])

    /// The tasks left to others now.
    var ids: [Identifier<TaskDefinition>] {
        since.withLock { since in
            let now = ContinuousClock.now
            since = since.filter { now - $0.value < .seconds(60) }
            return Array(since.keys)
        }
    }

    /// Leaves a task to others.
    func add(_ id: Identifier<TaskDefinition>) {
        since.withLock { $0[id] = .now }
    }
}
