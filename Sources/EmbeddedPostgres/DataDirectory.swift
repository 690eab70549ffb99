import Foundation
import SystemPackage
import SystemUsers

/// The directory that holds everything one qkron keeps on disk: an absolute path without symbolic links.
package struct DataDirectory: Sendable, Equatable {
    let filePath: FilePath

    /// The absolute path, links resolved.
    package var path: String { filePath.string }

    /// Takes a directory, making it (and its parents) where it is missing: mode 0700, or 0711 when made by root, for a
    /// PostgreSQL of another user must pass through. Relative paths start at the working directory. To root it must be
    /// out of others' reach.
    ///
    /// Throws `EmbeddedPostgresError` where the path cannot be used, made or entered.
    package init(path: String) throws {
        guard !path.isEmpty, !path.unicodeScalars.contains(where: Self.isUnusable) else {
            throw EmbeddedPostgresError.unusablePath(path)
        }
        let absolute = FilePath(FileManager.default.currentDirectoryPath).pushing(FilePath(path)).lexicallyNormalized()
        if geteuid() == 0 { try Self.checkTrusted(absolute) }
        try Self.make(absolute)
        guard let resolved = realpath(absolute.string, nil) else { throw Files.failure("resolve", absolute) }
        defer { free(resolved) }
        filePath = FilePath(String(cString: resolved))
        guard !self.path.unicodeScalars.contains(where: Self.isUnusable) else {
            throw EmbeddedPostgresError.unusablePath(self.path)
        }
        guard access(self.path, R_OK | W_OK | X_OK) == 0 else {
            let owner = try Files.status(of: filePath).map { SystemUser.name(of: $0.st_uid) } ?? "somebody else"
            throw EmbeddedPostgresError.foreignOwner(
                path: self.path, owner: owner, expected: SystemUser.name(of: geteuid()))
        }
    }

    /// Takes the directory for this process until the answer is let go or the process dies, however it dies.
    ///
    /// Throws `EmbeddedPostgresError.directoryInUse` while another process (or this one) holds it.
    package func lock() throws -> DirectoryLock { try DirectoryLock(of: self) }

    /// Refuses a directory that another process holds, as `lock()` does, and leaves it as it is.
    package func refuseHeld() throws { try DirectoryLock.refuseHeld(self) }

    /// Refuses a directory that `user` cannot enter, naming the first one on the way that is closed to it.
    ///
    /// - Parameter end: where the way ends that is looked at; nil: here.
    func checkReachable(by user: SystemUser, upTo end: FilePath? = nil) throws {
        var directory = FilePath("/")
        for component in (end ?? filePath).components {
            directory.append(component)
            guard let status = try Files.status(of: directory), Self.isOpen(status, to: user) else {
                throw EmbeddedPostgresError.unreachable(path: path, blockedBy: directory.string, user: user.name)
            }
        }
    }

    /// Characters that a shell (pg_ctl starts the server through one) or a line of a configuration file would read.
    private static func isUnusable(_ scalar: Unicode.Scalar) -> Bool {
        "\"$`\\".unicodeScalars.contains(scalar) || scalar.properties.generalCategory == .control
    }

    private static func isOpen(_ status: stat, to user: SystemUser) -> Bool {
        if user.uid == 0 { return true }
        if status.st_uid == user.uid { return status.st_mode & S_IXUSR != 0 }
        if user.groups.contains(status.st_gid) { return status.st_mode & S_IXGRP != 0 }
        return status.st_mode & S_IXOTH != 0
    }

    private static func make(_ path: FilePath) throws {
        var directory = FilePath("/")
        for component in path.components {
            directory.append(component)
            let isLast = directory == path
            let mode: mode_t = isLast ? (geteuid() == 0 ? 0o711 : 0o700) : 0o755
            if mkdir(directory.string, mode) == 0 {
                // The umask may have taken bits away that the server's user needs.
                guard chmod(directory.string, mode) == 0 else { throw Files.failure("set the mode of", directory) }
            } else if errno == EACCES {
                throw EmbeddedPostgresError.unreachable(
                    path: path.string, blockedBy: directory.removingLastComponent().string,
                    user: SystemUser.name(of: geteuid()))
            } else if errno != EEXIST, try Files.status(of: directory) == nil {
                throw Files.failure("create", directory)
            }
        }
        var status = stat()
        guard stat(path.string, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw Files.failure("use", path, ENOTDIR)
        }
    }
}
