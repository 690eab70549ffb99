import Foundation
import Logging
import SystemUsers

/// A private PostgreSQL server: one Unix socket, no TCP, files in a data directory, started and stopped by us.
package actor PostgresServer {
    private enum Standing {
        case running(since: ContinuousClock.Instant)
        case down
        case stopped
    }

    /// libpq's connection string for the role and database `qkron`. It holds no password: the server knows its callers
    /// by their system user (`peer`), and its socket lies in a directory of mode 0700.
    package nonisolated let connectionString: String
    /// The first process of the server, the last one where none runs.
    var processID: Int32 { process.id }

    private let postmaster: Postmaster
    private var lock: DirectoryLock?
    private let logger: Logger
    private var process: RunningProcess
    private var standing: Standing

    /// Starts the server of a data directory, or takes over one that outlived an earlier qkron; makes its files where
    /// there are none (about a second). Returns when it accepts connections.
    ///
    /// As root it runs as the user `postgres`, else as ourselves. `settings` are further lines of postgresql.conf.
    /// Throws `EmbeddedPostgresError`, or `CancellationError` when cancelled; then nothing is left running.
    package static func start(
        in lock: DirectoryLock, installation: PostgresInstallation, settings: [String: String] = [:], logger: Logger
    ) async throws -> PostgresServer {
        let user = try SystemUser.forServer()
        try lock.directory.checkReachable(by: user)
        let cluster = Cluster(data: lock.directory, user: user, logger: logger)
        try cluster.prepareDirectories()
        let installation = try cluster.installation(preferring: installation)
        try await cluster.createIfMissing(with: installation, isDurable: settings["fsync"] != "off")
        let postmaster = Postmaster(
            cluster: cluster, installation: installation,
            configuration: ClusterConfiguration(cluster: cluster, settings: settings))
        let process = try await postmaster.adoptOrLaunch()
        return PostgresServer(postmaster: postmaster, process: process, lock: lock, logger: logger)
    }

    private init(postmaster: Postmaster, process: RunningProcess, lock: DirectoryLock, logger: Logger) {
        self.postmaster = postmaster
        self.lock = lock
        self.logger = logger
        self.process = process
        standing = .running(since: .now)
        connectionString = Self.connectionString(postmaster.cluster.sockets)
    }

    /// The connection string of the server of a data directory, whoever runs it.
    package static func connectionString(in directory: DataDirectory) -> String {
        connectionString(SocketDirectory(for: directory))
    }

    private static func connectionString(_ sockets: SocketDirectory) -> String {
        // The directory's path holds only characters that need no quotes.
        "host=\(sockets.path) port=\(SocketDirectory.port) user=qkron dbname=qkron"
    }

    /// Keeps the server running until cancelled: starts it again whenever it dies, at once the first time, later after
    /// up to 10 s. Returns also after `stop()`, which it leaves to the caller.
    package func run() async {
        var pause = Duration.zero
        while !Task.isCancelled {
            switch standing {
            case .running(let start):
                guard await hasEnded(process) else { continue }
                if start.duration(to: .now) > .seconds(60) { pause = .zero }
                if case .running = standing {
                    logger.error("The private PostgreSQL died", metadata: ["process_id": "\(process.id)"])
                    standing = .down
                }
            case .down:
                await restart(after: pause)
                pause = min(max(pause * 2, .milliseconds(100)), .seconds(10))
            case .stopped:
                return
            }
        }
    }

    /// Stops the server and returns when it has ended: open transactions are rolled back; after 60 s it is ended the
    /// hard way. Also when cancelled, and as often as asked. Then the server lets go of the data directory's lock.
    package func stop() async {
        standing = .stopped
        await postmaster.stop(process)
        lock = nil
    }

    private func restart(after pause: Duration) async {
        // A stop meanwhile lets go of the lock, but the directory is ours until the new server has ended, too.
        let held = lock
        defer { withExtendedLifetime(held) {} }
        do {
            try await Task.sleep(for: pause)
            guard case .down = standing else { return }
            let process = try await postmaster.launch()
            guard case .down = standing else { return await postmaster.stop(process) }
            self.process = process
            standing = .running(since: .now)
        } catch is CancellationError {
            // The caller's loop ends by itself.
        } catch {
            logger.error("The private PostgreSQL could not be started again", metadata: ["error": "\(error)"])
        }
    }

    /// Waits for the end of a process, and tells it up to a second late; false when cancelled first.
    private func hasEnded(_ process: RunningProcess) async -> Bool {
        while process.isAlive {
            do { try await Task.sleep(for: .seconds(1), tolerance: .milliseconds(100)) } catch { return false }
        }
        return true
    }
}
