import CLinux
import Glibc

/// The directory in which an executor and its server find each other.
enum ExecutorDirectory {
    static func socketPath(in directory: String) -> String {
        directory + "/executor.sock"
    }

    /// Opens the file that an executor keeps locked for its whole life.
    static func openLock(in directory: String) throws -> Int32 {
        let descriptor = open(directory + "/executor.lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw SystemCallError(call: "open executor.lock", error: errno) }
        return descriptor
    }

    /// Makes the directory, mode 0700, or makes sure that it is ours alone.
    static func prepare(_ directory: String) throws {
        if mkdir(directory, 0o700) == 0 { return }
        guard errno == EEXIST else { throw SystemCallError(call: "mkdir \(directory)", error: errno) }
        var status = stat()
        guard lstat(directory, &status) == 0 else { throw SystemCallError(call: "stat \(directory)", error: errno) }
        let isOurs = status.st_mode & S_IFMT == S_IFDIR && status.st_uid == geteuid() && status.st_mode & 0o077 == 0
        guard isOurs else { throw SystemCallError(call: "\(directory) must be ours, mode 0700", error: EACCES) }
    }
}
