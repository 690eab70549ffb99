import EmbeddedPostgres
import Foundation
import Logging
import Postgres
import Storage

/// The database that a configuration means: one elsewhere, or a private cluster that lives as long as this process.
struct DatabaseHost: Sendable {
    /// How to talk to it.
    let connection: PostgresConfiguration
    /// The private cluster, where this process runs it.
    let server: PostgresServer?

    /// Finds the database, starting the private cluster if that is meant.
    ///
    /// - Parameter lock: the data directory, held by this process.
    static func open(
        _ configuration: Configuration, in lock: DirectoryLock, logger: Logger
    ) async throws -> DatabaseHost {
        let settings = configuration.database
        if let url = settings.url {
            let connection = connection(to: url, settings)
            try connection.validate()
            return DatabaseHost(connection: connection, server: nil)
        }
        let installation = try await PostgresInstallation.find(
            explicit: settings.postgresBin, searchPath: ProcessInfo.processInfo.environment["PATH"] ?? "")
        let server = try await PostgresServer.start(in: lock, installation: installation, logger: logger)
        return DatabaseHost(connection: connection(to: server.connectionString, settings), server: server)
    }

    /// How to talk to the database at `url`.
    static func connection(to url: String, _ settings: Configuration.DatabaseSettings) -> PostgresConfiguration {
        PostgresConfiguration(
            url: url, poolSize: settings.poolSize, connectTimeout: settings.connectTimeout,
            statementTimeout: settings.statementTimeout, applicationName: "qkron")
    }

    /// Applies what migrations are missing.
    ///
    /// - Parameter patience: how long a database that does not answer is tried again.
    /// - Returns: the numbers applied.
    static func migrate(_ pool: PostgresPool, patience: Duration, logger: Logger) async throws -> [Int] {
        let clock = ContinuousClock()
        let pause = Duration.seconds(1)
        let deadline = clock.now + patience
        while true {
            do {
                return try await Migrator(Schema.migrations).migrate(pool)
            } catch let error as PostgresError
                where error.kind == .unavailable && clock.now.advanced(by: pause) < deadline
            {
                logger.warning("The database does not answer yet", metadata: ["error": "\(error)"])
                try await Task.sleep(for: pause)
            }
        }
    }
}
