import Credentials
import EmbeddedPostgres
import Executor
import Foundation
import Logging
import Operations
import Postgres
import Storage
import SystemUsers

/// What console commands work with: the migrated database, and the accounts in it.
struct Console {
    /// Migrations that opening the database applied.
    let appliedMigrations: [Int]
    let users: UserOperations
    let database: Database
    private let configuration: Configuration
    /// Somebody waits at the terminal.
    private static let patience = Duration.seconds(5)

    /// What opens the secrets of the database: its key must be the one that the servers have.
    func secretBox() async throws -> SecretBox {
        let keys = try SealingKeys(of: configuration)
        try await keys.checkShared(in: database.store)
        return keys.box
    }

    /// Refuses a data directory on which no server has worked, for only a server makes one: a command that was given
    /// the wrong place must not answer from an empty database.
    static func requireData(_ configuration: Configuration) throws {
        guard configuration.database.url == nil else { return }
        let path = URL(fileURLWithPath: configuration.dataDirectory).standardizedFileURL.path
        guard access("\(path)/postgres/PG_VERSION", F_OK) != 0, errno == ENOENT else { return }
        throw ConsoleError.noData(path)
    }

    /// Started by root, a command gives root up as a server does: what it makes under the data directory is the
    /// server's, and the private cluster runs as this user. Where there is a database elsewhere and no data directory,
    /// nothing is made.
    ///
    /// To be called on the first thread, and before there are others.
    static func becomeServerUser(_ configuration: Configuration) throws {
        let path = configuration.dataDirectory
        guard geteuid() == 0, configuration.database.url == nil || access(path, F_OK) == 0 else { return }
        let directory = try DataDirectory(path: path)
        let earlier = try directory.earlierUser
        guard configuration.database.url == nil || earlier != nil,
            let user = try ServerUser.choose(configuration.serverUser, earlier: earlier)
        else { return }
        do {
            try directory.give(to: user.uid, isHeld: false)
            try RootDrop.become(user)
        } catch EmbeddedPostgresError.directoryInUse {
            // A server of root is at work there, of an earlier version or by SERVER_USER: root may ask it.
        }
    }

    /// Opens the database, starting the private cluster if no server runs it, runs `body`, and closes all again.
    static func open(_ configuration: Configuration, _ body: (Console) async throws -> Void) async throws {
        let logger = Logger(label: "qkron.console")
        guard configuration.database.url == nil else {
            let connection = DatabaseHost.connection(
                to: configuration.database.url ?? "", configuration.database)
            return try await open(connection, configuration, logger, body)
        }
        let directory = try DataDirectory(path: configuration.dataDirectory)
        let lock: DirectoryLock
        do {
            lock = try directory.lock()
        } catch EmbeddedPostgresError.directoryInUse {
            // A server runs the cluster: it is asked over the same socket.
            let connection = DatabaseHost.connection(
                to: PostgresServer.connectionString(in: directory), configuration.database)
            return try await open(connection, configuration, logger, body)
        }
        let host = try await DatabaseHost.open(configuration, in: lock, logger: logger)
        do {
            try await open(host.connection, configuration, logger, body)
        } catch {
            await host.server?.stop()
            throw error
        }
        await host.server?.stop()
    }

    private static func open(
        _ connection: PostgresConfiguration, _ configuration: Configuration, _ logger: Logger,
        _ body: (Console) async throws -> Void
    ) async throws {
        try connection.validate()
        // Servers are told by this name from what asks about them.
        var connection = connection
        connection.applicationName = "qkron-console"
        let pool = PostgresPool(connection, logger: logger)
        do {
            let applied = try await DatabaseHost.migrate(pool, patience: patience, logger: logger)
            let hasher = try PasswordHasher(cost: configuration.identity.passwordHashCost, threads: 1)
            try await body(
                Console(
                    appliedMigrations: applied,
                    users: UserOperations(
                        database: Database(pool), accounts: AccountRules(hasher: hasher),
                        commandRoles: configuration.runs.commandRoles, remembered: RememberedCallers()),
                    database: Database(pool), configuration: configuration))
        } catch {
            await pool.close()
            throw error
        }
        await pool.close()
    }
}

/// Why a command has nothing to work with; each description is a sentence for the person at the terminal.
enum ConsoleError: Error, CustomStringConvertible {
    /// No server has its data at this path.
    case noData(String)
    /// There is no key that opens the secrets of tasks.
    case noKey

    var description: String {
        switch self {
        case .noData(let path):
            """
            There are no data of a qkron in \(path). Name the server's directory with --data-dir or QKRON_DATA_DIR, or its \
            database with QKRON_DATABASE_URL.
            """
        case .noKey:
            """
            There is no ENCRYPTION_KEY here. Give the one that the servers have, or name the data directory that holds it \
            with --data-dir or QKRON_DATA_DIR.
            """
        }
    }
}
