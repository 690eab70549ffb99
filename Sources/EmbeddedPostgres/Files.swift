import Foundation
import SystemPackage
import SystemUsers

/// The few things done to files here, each safe where the directory belongs to a less trusted user.
enum Files {
    static func failure(_ operation: String, _ path: FilePath, _ code: Int32 = errno) -> EmbeddedPostgresError {
        .fileSystem(operation: operation, path: path.string, reason: String(cString: strerror(code)))
    }

    /// What `lstat` says, or nil where there is nothing.
    static func status(of path: FilePath) throws -> stat? {
        var status = stat()
        guard lstat(path.string, &status) != 0 else { return status }
        if errno == ENOENT || errno == ENOTDIR { return nil }
        throw failure("look at", path)
    }

    /// Makes a directory of exactly this mode and owner, or takes one that is there already; refuses a symbolic link
    /// and a directory of any user but `owner` and ourselves.
    static func makeDirectory(_ path: FilePath, mode: mode_t, owner: SystemUser) throws {
        guard mkdir(path.string, 0o700) == 0 || errno == EEXIST else { throw failure("create", path) }
        // Everything below goes through the descriptor, so that nobody can exchange the directory meanwhile.
        let descriptor = open(path.string, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open the directory", path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("look at", path) }
        guard status.st_uid == owner.uid || status.st_uid == geteuid() else {
            throw EmbeddedPostgresError.foreignOwner(
                path: path.string, owner: SystemUser.name(of: status.st_uid), expected: owner.name)
        }
        if status.st_uid != owner.uid, fchown(descriptor, owner.uid, owner.gid) != 0 {
            throw failure("give away", path)
        }
        guard fchmod(descriptor, mode) == 0 else { throw failure("set the mode of", path) }
    }

    /// The first 64 KiB of a file, or nil where it cannot be read; follows no link at its end and never blocks.
    static func contents(of path: FilePath, fromEnd: Bool = false) -> String? {
        let descriptor = open(path.string, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        if fromEnd { lseek(descriptor, max(0, lseek(descriptor, 0, SEEK_END) - 4_096), SEEK_SET) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4_096)
        while bytes.count < 65_536 {
            let count = read(descriptor, &chunk, chunk.count)
            guard count > 0 else { break }
            bytes += chunk.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Replaces a file as a whole: readers see the old text or the new, also after a crash.
    static func write(_ text: String, to path: FilePath, mode: mode_t) throws {
        let draft = FilePath(path.string + ".new")
        unlink(draft.string)
        let descriptor = open(draft.string, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("create", draft) }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fchmod(descriptor, mode) == 0,
            fsync(descriptor) == 0, Glibc.rename(draft.string, path.string) == 0
        else { throw failure("write", path) }
    }

    /// Renames a directory and makes the new name survive a power cut.
    static func rename(_ path: FilePath, to newPath: FilePath) throws {
        guard Glibc.rename(path.string, newPath.string) == 0 else { throw failure("rename", path) }
        let parent = open(newPath.removingLastComponent().string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard parent >= 0 else { throw failure("open", newPath.removingLastComponent()) }
        defer { close(parent) }
        guard fsync(parent) == 0 else { throw failure("write", newPath.removingLastComponent()) }
    }
}
