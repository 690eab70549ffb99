import Synchronization
import TestSupport
import Testing

@testable import Postgres

private final class EventLog: Sendable {
    private let events = Mutex<[NotificationListener.Event]>([])

    var count: Int { events.withLock(\.count) }

    func append(_ event: NotificationListener.Event) {
        events.withLock { $0.append(event) }
    }

    func see(_ event: NotificationListener.Event, times: Int = 1) async throws {
        try await eventually("\(event) came") { events.withLock { $0.count { $0 == event } } >= times }
    }
}

@Suite struct ListenerTests {
    @Test func `notifications arrive, also after a restart`() async throws {
        let cluster = try await TestCluster.start()
        let configuration = PostgresConfiguration(url: try await cluster.makeDatabase())
        let events = EventLog()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                let listener = NotificationListener(
                    configuration, channels: ["Odd \"name\"", "b"], logger: quietLogger)
                for await event in listener { events.append(event) }
            }
            let pool = PostgresPool(configuration, logger: quietLogger)
            try await events.see(.connected)
            try await pool.execute("SELECT pg_notify(\("Odd \"name\""), \("payload"))")
            try await events.see(.notification(channel: "Odd \"name\"", payload: "payload"))
            await cluster.stop()
            try await events.see(.disconnected)
            try await cluster.resume()
            try await events.see(.connected, times: 2)
            try await pool.execute("SELECT pg_notify('b', '')")
            try await events.see(.notification(channel: "b", payload: ""))
            group.cancelAll()
            try await group.waitForAll()
        }
        await cluster.stop()
        #expect(events.count == 5)
    }
}
