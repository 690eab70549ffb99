import Foundation
import SystemPackage

/// A data directory held by this process; letting go of the last reference frees it, and so does any death.
package final class DirectoryLock: Sendable {
    /// What is held.
    package let directory: DataDirectory
    /// The open file that bears the lock: whoever inherits it holds the directory.
    package let descriptor: Int32

    /// The lock that an earlier server in this process left behind.
    ///
    /// Takes over the descriptor. Throws, having closed it, where it is not the lock of this directory.
    package init(inherited descriptor: Int32, of directory: DataDirectory) throws {
        let file = directory.filePath.appending("qkron.lock")
        var own = stat()
        guard fstat(descriptor, &own) == 0, let known = try Files.status(of: file), own.st_ino == known.st_ino,
            own.st_dev == known.st_dev, flock(descriptor, LOCK_EX | LOCK_NB) == 0
        else {
            close(descriptor)
            throw EmbeddedPostgresError.directoryInUse(path: directory.path, processID: nil)
        }
        self.directory = directory
        self.descriptor = descriptor
    }

    init(of directory: DataDirectory) throws {
        let file = directory.filePath.appending("qkron.lock")
        // A child that inherited the descriptor would hold the lock for us after our death.
        let descriptor = open(file.string, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Files.failure("open", file) }
        guard Self.lock(descriptor) else {
            let code = errno
            close(descriptor)
            guard code == EWOULDBLOCK else { throw Files.failure("lock", file, code) }
            throw Self.inUse(directory, file)
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

    /// Refuses a directory that another process holds. Makes and changes nothing there.
    static func refuseHeld(_ directory: DataDirectory) throws {
        let file = directory.filePath.appending("qkron.lock")
        let descriptor = open(file.string, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        // Nobody has been here yet, or it is no lock of qkron's.
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        guard lock(descriptor) else { throw inUse(directory, file) }
    }

    private static func inUse(_ directory: DataDirectory, _ file: FilePath) -> EmbeddedPostgresError {
        let holder = Files.contents(of: file).flatMap { Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        return .directoryInUse(path: directory.path, processID: holder)
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
