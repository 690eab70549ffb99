import Postgres
import Synchronization

/// What the servers of one database tell each other.
package enum Announcement: String, Sendable, CaseIterable {
    /// A task may be due earlier than was known.
    case due
    /// An execution may be ready to start.
    case work
    /// Somebody wishes a running execution to end.
    case wishes
    /// Somebody wishes to see the output of an execution as it comes.
    case output
}

/// Tells all servers of the database what has changed, after the commit and gathered over a few milliseconds: inside the
/// transaction a `NOTIFY` would make all commits queue behind one lock. A lost one only delays, no nap is longer than 10 s.
package final class Announcer: Sendable {
    /// The channel that announcements travel on.
    package static let channel = "qkron"

    private let database: Database
    private let waiting = Mutex<Set<Announcement>>([])
    private let stream: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    /// An announcer on `database`; nothing is sent before `run`.
    package init(database: Database) {
        self.database = database
        (stream, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Takes an announcement to be sent soon; never waits.
    package func announce(_ announcement: Announcement) {
        if waiting.withLock({ $0.insert(announcement).inserted }) { signal.yield() }
    }

    /// Sends what is announced until the task is cancelled.
    ///
    /// - Parameter onFailure: told when announcements could not be sent; they are dropped, naps end by themselves.
    package func run(onFailure: @Sendable (any Error) -> Void) async {
        for await _ in stream {
            try? await Task.sleep(for: .milliseconds(2))  // Gathers; cancelled, it sends at once.
            let announcements = waiting.withLock { set in
                defer { set = [] }
                return set
            }
            do {
                try await database.store.announce(Array(announcements))
            } catch {
                onFailure(error)
            }
        }
    }
}

extension Store {
    /// Sends announcements at once.
    package func announce(_ announcements: [Announcement]) async throws {
        _ = try await rows(
            """
            SELECT pg_notify(\(Announcer.channel), payload)
            FROM unnest(\(announcements.map(\.rawValue))) AS payload
            """)
    }
}
