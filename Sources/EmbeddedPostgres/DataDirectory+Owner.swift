import Foundation
import SystemPackage
import SystemUsers

extension DataDirectory {
    /// What a server of root leaves to root here. Its other entries belong to the user of the cluster.
    private static let files = ["qkron.lock", "node_id", "secret_key", "encryption_key"]
    private static let configurationFiles = ["postgresql.conf", "pg_hba.conf", "pg_ident.conf"]
    private static let folders = ["postgres", "conf", "run", "log", "executor", "docs"]

    /// The user id of whoever has worked here: that of the private cluster, else of the directory; nil where root alone
    /// has.
    package var earlierUser: uid_t? {
        get throws {
            let cluster = try Files.status(of: filePath.appending("postgres"))?.st_uid
            return try [cluster, Files.status(of: filePath)?.st_uid].compactMap(\.self).first { $0 != 0 }
        }
    }

    /// Gives the user what a server of root made here, so that one of this user can go on with it. To be called by
    /// root.
    ///
    /// Nothing is given away by a name that somebody else could have put there: a directory that is not root's alone is
    /// left as it is, no link is followed, and only files of qkron are given.
    /// - Parameter isHeld: whether this process has the directory's lock; else it is taken meanwhile.
    /// - Throws: `EmbeddedPostgresError` where the user cannot enter the directory, another user has it, it holds other
    ///   things than qkron's, or a server is at work there.
    package func give(to id: uid_t, isHeld: Bool) throws {
        guard let user = SystemUser.lookup(id) else { throw EmbeddedPostgresError.userUnnamed(id: id) }
        try checkReachable(by: user, upTo: filePath.removingLastComponent())
        let directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard directory >= 0 else { throw Files.failure("open", filePath) }
        defer { close(directory) }
        var status = stat()
        guard fstat(directory, &status) == 0 else { throw Files.failure("look at", filePath) }
        try refuseOtherCluster(than: user)
        if status.st_uid == 0 {
            guard status.st_mode & 0o022 == 0 else {
                throw Files.failure("take over what others than root may write to,", filePath, EPERM)
            }
            try refuseOtherThings()
            let lock = isHeld ? nil : try lock()
            defer { withExtendedLifetime(lock) {} }
            try Self.give(Self.files, in: directory, to: user)
            try giveConfiguration(in: directory, to: user)
            // Last, so that a start that was cut short is done over.
            guard fchown(directory, user.uid, user.gid) == 0 else { throw Files.failure("give away", filePath) }
        } else if status.st_uid != user.uid {
            throw EmbeddedPostgresError.foreignOwner(
                path: path, owner: SystemUser.name(of: status.st_uid), expected: user.name)
        }
        try checkReachable(by: user)
    }

    private func refuseOtherCluster(than user: SystemUser) throws {
        let cluster = filePath.appending("postgres")
        guard let owner = try Files.status(of: cluster)?.st_uid, owner != user.uid else { return }
        throw EmbeddedPostgresError.foreignOwner(
            path: cluster.string, owner: SystemUser.name(of: owner), expected: user.name)
    }

    /// Refuses a directory that no qkron has held and that is not empty, such as a home: whoever has the directory can
    /// rename and remove all that lies there.
    private func refuseOtherThings() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: path)
        // The file systems of some volumes begin with it.
        let known = Set(Self.files + Self.folders + ["lost+found"])
        guard !names.contains("qkron.lock"), let other = names.first(where: { !known.contains($0) }) else { return }
        throw EmbeddedPostgresError.inOtherUse(path: path, entry: other)
    }

    private func giveConfiguration(in directory: Int32, to user: SystemUser) throws {
        let folder = openat(directory, "conf", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard folder >= 0 else { return }
        defer { close(folder) }
        var status = stat()
        guard fstat(folder, &status) == 0, status.st_uid == 0 else { return }
        try Self.give(Self.configurationFiles, in: folder, to: user)
        guard fchown(folder, user.uid, user.gid) == 0 else {
            throw Files.failure("give away", filePath.appending("conf"))
        }
    }

    /// Gives away those of the files that are root's.
    private static func give(_ names: [String], in directory: Int32, to user: SystemUser) throws {
        for name in names {
            let descriptor = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
            // It is not there, or a link.
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { throw Files.failure("look at", FilePath(name)) }
            guard status.st_uid == 0, status.st_mode & S_IFMT == S_IFREG, status.st_nlink == 1 else { continue }
            guard fchown(descriptor, user.uid, user.gid) == 0 else {
                throw Files.failure("give away", FilePath(name))
            }
        }
    }
}
