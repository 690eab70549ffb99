import Actions
import Credentials
import Domain
import Logging
import Outbound
import Postgres
import ServiceLifecycle
import Storage
import TestSupport
import Testing

@testable import Engine

/// One server's engine on a database, wired as the roof wires it, with a runner of the test's own.
struct TestEngine {
    let node: Node
    let runner: FakeRunner
    let signals = EngineSignals()
    let running = RunningAttempts()
    let health = EngineHealth()
    let handover = Handover()
    let lease: NodeLease
    let grants: Grants
    let announcer: Announcer
    let pool: PostgresPool
    let group: ServiceGroup

    /// - Parameter isWokenOnly: what it does by itself, after a nap or a part of its lease, it does only after an hour.
    init(
        _ database: TestDatabase, runner: FakeRunner = .succeeding(), id: Identifier<Node> = Identifier(),
        capacity: Int = 10, leaseSeconds: Int = 30, shutdownGrace: Duration = .seconds(30),
        callbackDelays: [Double] = [], egress: EgressGuard = .open, isWokenOnly: Bool = false
    ) async throws {
        let leaseSeconds = isWokenOnly ? 10_800 : leaseSeconds
        self.runner = runner
        pool = database.secondPool(prefersIndexes: true)
        let shared = Database(pool)
        announcer = Announcer(database: shared)
        node = try await database.addNode(id, leaseSeconds: leaseSeconds)
        let catalog = ActionCatalog([runner])
        let settings = EngineConfiguration(
            capacity: capacity, taskCapacity: 5, leaseSeconds: leaseSeconds, killGrace: .seconds(1),
            shutdownGrace: shutdownGrace, commandRoles: [.user, .superuser],
            longestNap: isWokenOnly ? .seconds(3_600) : .seconds(10))
        lease = NodeLease(settings, catalog: catalog)
        let completer = Completer(database: shared, announcer: announcer, signals: signals, logger: quietLogger)
        grants = Grants(capacity: capacity, running: running)
        let attempts = AttemptRunner(
            catalog: catalog, running: running, completer: completer,
            secrets: try SecretBox(key: Array(repeating: 8, count: 32)), logger: quietLogger)
        group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    AnnouncerRunner(announcer: announcer),
                    AnnouncementRelay(
                        announcements: Announcements(
                            NotificationListener(
                                database.configuration, channels: [Announcer.channel], logger: quietLogger)),
                        signals: signals),
                    Courier(
                        database: shared, announcer: announcer, messenger: Messenger(egress: egress, version: "test"),
                        plan: DeliveryPlan(delays: callbackDelays), signals: signals, logger: quietLogger),
                    completer,
                    LeaseKeeper(
                        node: node, database: shared, renewals: shared, lease: lease, configuration: settings,
                        signals: signals, running: running, handover: handover, health: health,
                        logger: quietLogger),
                    Worker(
                        node: node, database: shared, configuration: settings, signals: signals, running: running,
                        grants: grants, lease: lease, attempts: attempts, catalog: catalog, handover: handover,
                        health: health, logger: quietLogger),
                    Scheduler(
                        node: node, database: shared, announcer: announcer, configuration: settings, signals: signals,
                        grants: grants, lease: lease, health: health, logger: quietLogger),
                    Reaper(
                        node: node, database: shared, announcer: announcer, lease: lease, catalog: catalog,
                        configuration: settings, signals: signals, logger: quietLogger),
                ], logger: quietLogger))
    }

    /// Runs the engine as long as `body` does, then stops it gracefully.
    func whileRunning(_ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            do {
                try await body()
            } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        await pool.close()
    }

    /// Waits until every loop has had a round that went well.
    func becomeWell() async throws {
        try await eventually("all loops are well", within: .seconds(60)) {
            health.areWell(EngineHealth.Loop.allCases)
        }
    }

    /// The term of the lease, once it holds: on a busy machine it may have gaps.
    func term() async throws -> NodeLease.Term {
        var term: NodeLease.Term?
        try await eventually("the lease holds") {
            term = lease.term()
            return term != nil
        }
        return try #require(term)
    }
}

private struct AnnouncerRunner: Service {
    let announcer: Announcer

    func run() async throws {
        await cancelWhenGracefulShutdown { await announcer.run { _ in } }
    }
}
