/// Why a private PostgreSQL could not be had; each description is a sentence for the person at the terminal.
package enum EmbeddedPostgresError: Error, Equatable, CustomStringConvertible {
    case installationMissing(lookedIn: [String])
    case installationIncomplete(directory: String, missing: String)
    case installationTooOld(directory: String, version: Int)
    case installationUnreadable(directory: String, answer: String)
    case versionMismatch(data: Int, installed: Int, cluster: String)
    case userMissing(name: String)
    case userUnnamed(id: UInt32)
    case unusablePath(String)
    case unreachable(path: String, blockedBy: String, user: String)
    case foreignOwner(path: String, owner: String, expected: String)
    case untrusted(path: String, because: String)
    case inOtherUse(path: String, entry: String)
    case directoryInUse(path: String, processID: Int32?)
    case unknownServer(processID: Int32, cluster: String)
    case strayProcesses(cluster: String, processIDs: [Int32])
    case initializationFailed(output: String)
    case startFailed(log: String, lastLines: String)
    case fileSystem(operation: String, path: String, reason: String)

    /// What happened, and what a person can do about it: one `switch`, so that a new case stops the build.
    package var description: String {
        switch self {
        case .installationMissing(let places): Sentence.installationMissing(lookedIn: places)
        case .installationIncomplete(let directory, let missing): Sentence.lacking(missing, in: directory)
        case .installationTooOld(let directory, let version):
            "The PostgreSQL in \(directory) is version \(version); at least \(PostgresInstallation.oldestVersion) is needed."
        case .installationUnreadable(let directory, let answer):
            "The version of the PostgreSQL in \(directory) could not be read: \(answer)"
        case .versionMismatch(let data, let installed, let cluster): Sentence.mismatch(data, installed, cluster)
        case .userMissing(let name): Sentence.userMissing(name)
        case .userUnnamed(let id): Sentence.userUnnamed(id)
        case .unusablePath(let path): Sentence.unusable(path)
        case .unreachable(let path, let blocker, let user): Sentence.unreachable(path, blockedBy: blocker, for: user)
        case .foreignOwner(let path, let owner, let expected): Sentence.foreign(path, of: owner, expected)
        case .untrusted(let path, let reason): Sentence.untrusted(path, because: reason)
        case .inOtherUse(let path, let entry): Sentence.inOtherUse(path, entry)
        case .directoryInUse(let path, let processID): Sentence.inUse(path, by: processID)
        case .unknownServer(let processID, let cluster):
            "Process \(processID) may be a PostgreSQL server that still uses \(cluster). Stop it and start again."
        case .strayProcesses(let cluster, let processIDs): Sentence.strays(processIDs, in: cluster)
        case .initializationFailed(let output): "The database could not be created: \(output)"
        case .startFailed(let log, let lastLines):
            "The private PostgreSQL did not start; its log is \(log). Last lines:\n\(lastLines)"
        case .fileSystem(let operation, let path, let reason): "Could not \(operation) \(path): \(reason)."
        }
    }
}

/// The longer sentences.
private enum Sentence {
    static func installationMissing(lookedIn places: [String]) -> String {
        "No PostgreSQL server was found (looked in \(places.joined(separator: ", "))). Install PostgreSQL "
            + "\(PostgresInstallation.oldestVersion) or newer (Debian and Ubuntu: `apt install postgresql`), name "
            + "its directory in POSTGRES_BIN, or set DATABASE_URL to use a server of your own."
    }

    static func lacking(_ program: String, in directory: String) -> String {
        "There is no program `\(program)` in \(directory), where a PostgreSQL server was expected. Name the directory "
            + "that holds the programs of the server in POSTGRES_BIN, or install PostgreSQL there."
    }

    static func mismatch(_ data: Int, _ installed: Int, _ cluster: String) -> String {
        "The database in \(cluster) was made by PostgreSQL \(data), but the one found is PostgreSQL "
            + "\(installed). Install version \(data) (Debian and Ubuntu: `apt install postgresql-\(data)`) or "
            + "move the data to version \(installed) with pg_upgrade."
    }

    static func userMissing(_ name: String) -> String {
        "The private PostgreSQL of root runs as the user `\(name)`, which does not exist. Install the package "
            + "`postgresql`, which makes it, or start qkron as another user."
    }

    static func userUnnamed(_ id: UInt32) -> String {
        "PostgreSQL cannot run as user \(id), which has no entry in /etc/passwd. Make one, start qkron as another "
            + "user, or set DATABASE_URL to use a server of your own."
    }

    static func unusable(_ path: String) -> String {
        "The data directory \(path) cannot be used: its path holds a control character or one of \" $ ` \\. "
            + "Choose another with --data-dir."
    }

    static func unreachable(_ path: String, blockedBy blocker: String, for user: String) -> String {
        "The data directory \(path) cannot be reached by the user `\(user)`, as which qkron works there: "
            + "\(blocker) is closed to it. " + (blocker == path ? "Open it with `chmod a+x`, or choose" : "Choose")
            + " another with --data-dir, for instance /var/lib/qkron."
    }

    static func foreign(_ path: String, of owner: String, _ expected: String) -> String {
        "\(path) belongs to the user `\(owner)` and not to `\(expected)`. Start qkron as the user that started "
            + "it before (by root: SERVER_USER), or choose another directory with --data-dir."
    }

    static func untrusted(_ path: String, because reason: String) -> String {
        "The data directory \(path) cannot be used by root: others than root could change what is there, for "
            + "\(reason) belongs to another user, or others may write to it, or it is a link beside their files. "
            + "Start qkron as that user, or choose another directory with --data-dir, for instance /var/lib/qkron."
    }

    static func inOtherUse(_ path: String, _ entry: String) -> String {
        "\(path) holds other things than qkron's, among them \(entry), and would be given to the server's user. "
            + "Choose an empty directory with --data-dir, or one that does not exist."
    }

    static func inUse(_ path: String, by processID: Int32?) -> String {
        "Another qkron\(processID.map { " (process \($0))" } ?? "") is using \(path). Stop it, or choose another "
            + "directory with --data-dir."
    }

    static func strays(_ processIDs: [Int32], in cluster: String) -> String {
        "PostgreSQL processes of an earlier start still use \(cluster) and do not end: "
            + processIDs.map(String.init).joined(separator: ", ") + ". End them (`kill`) and start again."
    }
}
