import Foundation
import SystemPackage

extension DataDirectory {
    /// Refuses a path on which others than root could put something else while root works there: each directory above
    /// must be root's and, unless it is sticky, writable for nobody else; each link must be root's and lie in such a
    /// one.
    ///
    /// What is not there yet is made by root. Of the directory itself `give` asks more.
    static func checkTrusted(_ path: FilePath) throws {
        let there = try checkWay(path, isWhole: true)
        guard let resolved = realpath(there.string, nil) else { throw Files.failure("resolve", there) }
        defer { free(resolved) }
        _ = try checkWay(FilePath(String(cString: resolved)), isWhole: there == path)
    }

    /// - Parameter isWhole: whether the path ends at the data directory, not above it.
    /// - Returns: as much of the path as is there.
    private static func checkWay(_ path: FilePath, isWhole: Bool) throws -> FilePath {
        var way = FilePath("/")
        // Whether others may put links where we are. Behind a link that is not known here.
        var isShared = false
        for component in path.components {
            let next = way.appending(component)
            guard let status = try Files.status(of: next) else { return way }
            let isLink = status.st_mode & S_IFMT == S_IFLNK
            let isWritable = status.st_mode & 0o022 != 0
            let isSafe = isLink ? !isShared : !isWritable || status.st_mode & 0o1000 != 0
            let isItself = isWhole && next == path && !isLink
            guard isItself || status.st_uid == 0 && isSafe else {
                throw EmbeddedPostgresError.untrusted(path: path.string, because: next.string)
            }
            isShared = isLink || isWritable
            way = next
        }
        return way
    }
}
