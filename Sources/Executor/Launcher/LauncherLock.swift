import CLinux
import Glibc

/// One launcher at a time has a directory: the one that root has started last. Whoever holds the socket of an earlier
/// one would else go on with what root said then.
struct LauncherLock {
    /// Open for as long as the lock is held: to be kept open by a program that this one becomes.
    let descriptor: Int32

    /// Takes the directory's lock; keeps it where this process has it from the program that it was before. Ends the
    /// launcher that holds it. Blocks.
    init(in directory: String) throws {
        let place = ExecutorPlace(path: directory + "/launcher")
        if let kept = Self.kept(place) {
            _ = fcntl(kept, F_SETFD, FD_CLOEXEC)
            descriptor = kept
            return
        }
        descriptor = try place.openLock()
        // The kernel tells who holds it, so the file says nothing.
        for _ in 0..<100 {
            let outcome = qkron_lock(descriptor)
            if outcome >= 0 { return }
            guard outcome == -EAGAIN || outcome == -EACCES else {
                throw SystemCallError(call: ExecutorLoop.lockCall, error: -outcome)
            }
            try endHolder()
        }
        throw ExecutorError(description: "one launcher after the other holds \(directory)")
    }

    /// The open file of the lock, whatever its number.
    private static func kept(_ place: ExecutorPlace) -> Int32? {
        var (file, opened) = (stat(), stat())
        guard lstat(place.lockPath, &file) == 0 else { return nil }
        return ProcFile.numbers(in: "/proc/self/fd").first {
            fstat($0, &opened) == 0 && opened.st_dev == file.st_dev && opened.st_ino == file.st_ino
        }
    }

    private func endHolder() throws {
        let holder = try SystemCallError.check(ExecutorLoop.lockCall, qkron_lock_holder(descriptor))
        guard holder > 0 else { return }
        let pidfd = qkron_pidfd_open(holder)
        guard pidfd >= 0 else { return }
        defer { close(pidfd) }
        // Asked once more: now the process cannot be mistaken for a later one of its number.
        guard qkron_lock_holder(descriptor) == holder else { return }
        _ = qkron_pidfd_signal(pidfd, SIGKILL)
        guard awaitReadable(pidfd, for: .seconds(10)) else {
            throw ExecutorError(description: "an earlier launcher does not end")
        }
    }
}
