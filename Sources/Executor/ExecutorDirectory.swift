import CLinux
import Glibc

/// The directory in which executors and their server find each other.
///
/// Usually it holds one executor. After an upgrade the one of the new program starts beside the one of the old, which
/// leaves when its last run has ended.
enum ExecutorDirectory {
    /// How many executors there can be at once.
    private static let capacity = 8

    /// The places of all executors, whether there is one or not.
    static func places(in directory: String) -> [ExecutorPlace] {
        (0..<capacity).map { ExecutorPlace(path: "\(directory)/executor-\($0)") }
    }

    /// Makes the directory, mode 0700 or 0711, or makes sure that nobody but us can change it.
    static func prepare(_ directory: String, mode: mode_t = 0o700) throws {
        guard directory.utf8.count <= 90 else { throw ExecutorError(description: "\(directory) is too long a path") }
        if mkdir(directory, mode) == 0 {
            // The umask may have taken bits away that the server needs.
            guard chmod(directory, mode) == 0 else { throw SystemCallError(call: "chmod \(directory)", error: errno) }
            return
        }
        guard errno == EEXIST else { throw SystemCallError(call: "mkdir \(directory)", error: errno) }
        var status = stat()
        guard lstat(directory, &status) == 0 else { throw SystemCallError(call: "stat \(directory)", error: errno) }
        let isOurs =
            status.st_mode & S_IFMT == S_IFDIR && status.st_uid == geteuid() && status.st_mode & 0o777 & ~mode == 0
        guard isOurs else {
            let octal = String(mode, radix: 8)
            throw SystemCallError(call: "\(directory) must be ours, mode 0\(octal)", error: EACCES)
        }
    }
}

/// Where one executor is found.
struct ExecutorPlace: Sendable, Hashable {
    /// What its socket and its lock are called, without their endings.
    let path: String

    /// Its socket.
    var socketPath: String { path + ".sock" }

    /// The file that the executor keeps locked for its whole life.
    var lockPath: String { path + ".lock" }

    /// Opens that file.
    func openLock() throws -> Int32 {
        let descriptor = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw SystemCallError(call: "open \(lockPath)", error: errno) }
        return descriptor
    }

    /// The process id of the executor that is here; 0 where there is none.
    func holder() throws -> pid_t {
        let lock = try openLock()
        defer { close(lock) }
        return try SystemCallError.check("lock", qkron_lock_holder(lock))
    }
}
