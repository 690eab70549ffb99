import Foundation
import Logging
import SystemPackage
import SystemUsers

/// The files of one private PostgreSQL: where they lie, and how they come to be.
///
/// What root writes lies outside the directories of the server's user, so that whoever took over the server could not
/// make root write elsewhere.
struct Cluster: Sendable {
    let data: DataDirectory
    let user: SystemUser
    let sockets: SocketDirectory
    let logger: Logger

    init(data: DataDirectory, user: SystemUser, logger: Logger) {
        self.data = data
        self.user = user
        self.logger = logger
        sockets = SocketDirectory(for: data)
    }

    var directory: FilePath { data.filePath.appending("postgres") }
    var configurationDirectory: FilePath { data.filePath.appending("conf") }
    var configurationFile: FilePath { configurationDirectory.appending("postgresql.conf") }
    var hostBasedAuthenticationFile: FilePath { configurationDirectory.appending("pg_hba.conf") }
    var identitiesFile: FilePath { configurationDirectory.appending("pg_ident.conf") }
    var logFile: FilePath { data.filePath.appending("log").appending("postgres.log") }

    /// The name the server's processes bear in their titles.
    var name: String { "qkron-\(data.fingerprint)" }

    /// Makes the directories around the cluster and refuses a cluster of another user.
    func prepareDirectories() throws {
        let ourselves = try SystemUser.ourselves()
        try Files.makeDirectory(configurationDirectory, mode: 0o755, owner: ourselves)
        try Files.makeDirectory(logFile.removingLastComponent(), mode: 0o700, owner: user)
        try sockets.create(owner: user)
        if let status = try Files.status(of: directory), status.st_uid != user.uid {
            throw EmbeddedPostgresError.foreignOwner(
                path: directory.string, owner: SystemUser.name(of: status.st_uid), expected: user.name)
        }
    }

    /// The installation that fits the data on disk: `installation`, or the one of the data's own version.
    func installation(preferring installation: PostgresInstallation) throws -> PostgresInstallation {
        guard let text = Files.contents(of: directory.appending("PG_VERSION")),
            let version = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)), version != installation.version
        else { return installation }
        guard let fitting = installation.serving(version: version) else {
            throw EmbeddedPostgresError.versionMismatch(
                data: version, installed: installation.version, cluster: directory.string)
        }
        logger.notice(
            "The data was made by an older PostgreSQL, which is used for it",
            metadata: ["version": "\(version)", "newest": "\(installation.version)"])
        return fitting
    }

    /// Whether the files on disk are those of `configuration`.
    func holds(_ configuration: ClusterConfiguration) -> Bool {
        Files.contents(of: configurationFile) == configuration.postgresql
            && Files.contents(of: hostBasedAuthenticationFile) == configuration.hostBasedAuthentication
            && Files.contents(of: identitiesFile) == configuration.identities
    }

    func write(_ configuration: ClusterConfiguration) throws {
        // The server's user reads them; there is no secret in them.
        try Files.write(configuration.postgresql, to: configurationFile, mode: 0o644)
        try Files.write(configuration.hostBasedAuthentication, to: hostBasedAuthenticationFile, mode: 0o644)
        try Files.write(configuration.identities, to: identitiesFile, mode: 0o644)
    }

    /// Sets the log aside when it has grown past 10 MB; one earlier file is kept.
    func rotateLog() throws {
        guard let status = try Files.status(of: logFile), status.st_size > 10_000_000 else { return }
        let earlier = FilePath(logFile.string + ".1")
        guard rename(logFile.string, earlier.string) == 0 else { throw Files.failure("rename", logFile) }
    }
}

extension DataDirectory {
    /// Sixteen hexadecimal digits that differ from directory to directory (FNV-1a, 64 bits).
    var fingerprint: String {
        let hash = path.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
