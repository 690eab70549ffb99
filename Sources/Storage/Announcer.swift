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
    /// A message is owed to someone.
    case deliveries
}

/// Tells all servers of the database what has changed, after the commit and gathered over a few milliseconds: inside
/// the transaction a `NOTIFY` would make all commits queue behind one lock. A lost one only delays, no nap is longer
/// than 10 s.
package final class Announcer: Sendable {
    /// The channel that announcements travel on.
    package static let channel = "qkron"
    /// How long the last announcements may take.
    private static let patience = Duration.seconds(3)

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

    /// Sends what is announced until the task is cancelled, and then once more what is left, for at most a few seconds.
    ///
    /// - Parameter onFailure: told when announcements could not be sent; they are dropped, naps end by themselves.
    package func run(onFailure: @escaping @Sendable (any Error) -> Void) async {
        for await _ in stream {
            try? await Task.sleep(for: .milliseconds(2))  // Gathers; cancelled, it is over at once.
            await send(onFailure)
        }
        // Not cancelled with this one: what a server that stops lets go of, others are to take up at once.
        await Task { await self.sendLast(onFailure) }.value
    }

    private func send(_ onFailure: @Sendable (any Error) -> Void) async {
        let announcements = waiting.withLock { set in
            defer { set = [] }
            return set
        }
        guard !announcements.isEmpty else { return }
        do {
            try await database.store.announce(Array(announcements))
        } catch  where Task.isCancelled {
            waiting.withLock { $0.formUnion(announcements) }
        } catch {
            onFailure(error)
        }
    }

    /// A database that is away does not hold up the end of the server.
    private func sendLast(_ onFailure: @escaping @Sendable (any Error) -> Void) async {
        await withTaskGroup { group in
            group.addTask { await self.send(onFailure) }
            group.addTask { try? await Task.sleep(for: Self.patience) }  // Cancelled when all is sent.
            await group.next()
            group.cancelAll()
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
