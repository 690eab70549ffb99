import Actions
import Credentials
import Domain
import Engine
import Logging
import Postgres
import ServiceLifecycle
import Storage
import UnixSignals

/// Runs the loops of one server's engine, wired as the server wires them, on what waits in a database, with actions
/// that do nothing: `EngineBenchmark DATABASE_URL CAPACITY`. Ends on SIGTERM.
@main
struct EngineBenchmark {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let capacity = Int(arguments[2]) else {
            throw WrongUsage(description: "usage: EngineBenchmark DATABASE_URL CAPACITY")
        }
        var connection = PostgresConfiguration(
            url: arguments[1], poolSize: 8, connectTimeout: .seconds(5), statementTimeout: .seconds(30))
        connection.prefersIndexes = true
        var logger = Logger(label: "benchmark")
        logger.logLevel = .warning
        let pool = PostgresPool(connection, logger: logger)
        try await group(Database(pool), connection, capacity: capacity, logger: logger).run()
        await pool.close()
    }

    private static func group(
        _ database: Database, _ connection: PostgresConfiguration, capacity: Int, logger: Logger
    ) async throws -> ServiceGroup {
        let signals = EngineSignals()
        let running = RunningAttempts()
        let health = EngineHealth()
        let catalog = ActionCatalog([EmptyRunner()])
        let settings = EngineConfiguration(
            capacity: capacity, taskCapacity: 16, leaseSeconds: 15, killGrace: .seconds(5), shutdownGrace: .seconds(30),
            commandRoles: [.user, .superuser])
        let (node, _) = try await database.transaction { store in
            try await store.register(
                Identifier(), name: "benchmark", version: "benchmark", labels: [], capacity: capacity, leaseSeconds: 15)
        }
        let lease = NodeLease(settings, catalog: catalog)
        let handover = Handover()
        let completer = Completer(
            database: database, announcer: Announcer(database: database), signals: signals, logger: logger)
        let attempts = AttemptRunner(
            catalog: catalog, running: running, completer: completer,
            secrets: try SecretBox(key: Array(repeating: 1, count: SecretBox.keyLength)), logger: logger)
        return ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    AnnouncementRelay(
                        announcements: Announcements(
                            NotificationListener(connection, channels: [Announcer.channel], logger: logger)),
                        signals: signals),
                    completer,
                    LeaseKeeper(
                        node: node, database: database, renewals: database, lease: lease, configuration: settings,
                        signals: signals, running: running, handover: handover, health: health, logger: logger),
                    Worker(
                        node: node, database: database, configuration: settings, signals: signals, running: running,
                        grants: Grants(capacity: capacity, running: running), lease: lease,
                        attempts: attempts, catalog: catalog, handover: handover, health: health, logger: logger),
                ],
                gracefulShutdownSignals: [.sigterm], logger: logger))
    }
}

/// Succeeds at once.
private struct EmptyRunner: ActionRunner {
    let kind = ActionKind(rawValue: "nothing")

    func accept(_ parameters: [TextKey: JSONValue]) throws(InputFaults) -> [TextKey: JSONValue] { parameters }

    func run(_ attempt: AttemptContext) async -> AttemptReport? { AttemptReport(outcome: .succeeded) }

    func holdLease(until instant: ContinuousClock.Instant) {}

    func endLeftovers(of attempts: [AttemptID]) async {}
}

private struct WrongUsage: Error, CustomStringConvertible {
    let description: String
}
