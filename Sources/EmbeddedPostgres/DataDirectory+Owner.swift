import Foundation
import SystemPackage

extension DataDirectory {
    /// The user id of whoever has worked here: that of the private cluster, else of the directory; nil where root alone
    /// has.
    package var keeper: uid_t? {
        get throws {
            let cluster = try Files.status(of: filePath.appending("postgres"))?.st_uid
            return try [cluster, Files.status(of: filePath)?.st_uid].compactMap(\.self).first { $0 != 0 }
        }
    }

    /// Whether the directory belongs to root.
    package var isRoots: Bool {
        get throws { try Files.status(of: filePath)?.st_uid == 0 }
    }

    /// Gives the user what root made here, so that a server of this user can go on with it. To be called by root, which
    /// holds the directory's lock where a server may be at work.
    ///
    /// Nothing is given away by a name that somebody else could have put there: a directory that is not root's alone is
    /// left as it is, and no link is followed.
    /// - Throws: `EmbeddedPostgresError` where the user cannot enter the directory, or another user has it.
    package func give(to id: uid_t) throws {
        guard let user = SystemUser.of(id) else { throw EmbeddedPostgresError.userUnnamed(id: id) }
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
            try giveEntries(of: filePath, to: user, folders: ["conf"])
            // Last, so that a start that was cut short is done over.
            guard fchown(directory, user.id, user.groupID) == 0 else { throw Files.failure("give away", filePath) }
        } else if status.st_uid != user.id {
            throw EmbeddedPostgresError.foreignOwner(
                path: path, owner: SystemUser.name(of: status.st_uid), expected: user.name)
        }
        try checkReachable(by: user)
    }

    private func refuseOtherCluster(than user: SystemUser) throws {
        let cluster = filePath.appending("postgres")
        guard let owner = try Files.status(of: cluster)?.st_uid, owner != user.id else { return }
        throw EmbeddedPostgresError.foreignOwner(
            path: cluster.string, owner: SystemUser.name(of: owner), expected: user.name)
    }

    /// Gives away the files of root in a directory of root, and in some of its folders.
    private func giveEntries(of directory: FilePath, to user: SystemUser, folders: [String]) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: directory.string) {
            let entry = directory.appending(name)
            let descriptor = open(entry.string, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
            // A link, a socket: nothing that the server needs.
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { throw Files.failure("look at", entry) }
            let isFile = status.st_mode & S_IFMT == S_IFREG && status.st_nlink == 1
            let isFolder = status.st_mode & S_IFMT == S_IFDIR && folders.contains(name)
            guard status.st_uid == 0, isFile || isFolder else { continue }
            if isFolder { try giveEntries(of: entry, to: user, folders: []) }
            guard fchown(descriptor, user.id, user.groupID) == 0 else { throw Files.failure("give away", entry) }
        }
    }
}
