import Foundation
import SystemPackage

/// A data directory held by this process; letting go of the last reference frees it, and so does any death.
package final class DirectoryLock: Sendable {
    /// What is held.
    package let directory: DataDirectory
    private let descriptor: Int32

    init(of directory: DataDirectory) throws {
        let file = directory.filePath.appending("qkron.lock")
        // A child that inherited the descriptor would hold the lock for us after our death.
        let descriptor = open(file.string, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Files.failure("open", file) }
        guard Self.lock(descriptor) else {
            let code = errno
            close(descriptor)
            guard code == EWOULDBLOCK else { throw Files.failure("lock", file, code) }
            let holder = Files.contents(of: file).flatMap { Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
            throw EmbeddedPostgresError.directoryInUse(path: directory.path, processID: holder)
        }
        let line = Array("\(getpid())\n".utf8)
        guard ftruncate(descriptor, 0) == 0, write(descriptor, line, line.count) == line.count else {
            let failure = Files.failure("write", file)
            close(descriptor)
            throw failure
        }
        self.directory = directory
        self.descriptor = descriptor
    }

    /// Tries for up to two seconds: a child of a holder that just died has a copy of the descriptor until it execs.
    private static func lock(_ descriptor: Int32) -> Bool {
        for _ in 0..<40 {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
            guard errno == EWOULDBLOCK else { return false }
            usleep(50_000)
        }
        return flock(descriptor, LOCK_EX | LOCK_NB) == 0
    }

    deinit { close(descriptor) }
}
