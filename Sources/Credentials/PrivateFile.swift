import Foundation

/// A small file that is made once, whole, and for its owner alone.
package enum PrivateFile {
    /// Makes the file with mode 0600 and this content, on the disk when this returns; where there is one already, that
    /// one stays as it is.
    ///
    /// - Throws: `SecretFileError.failed`
    package static func create(path: String, content: String) throws {
        let draft = "\(path).\(Base64URL.encode(randomBytes(12))).new"
        let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw SecretFileError.failed(step: "create", path: draft, errno: errno) }
        defer {
            close(file)
            unlink(draft)
        }
        let bytes = Array(content.utf8)
        guard write(file, bytes, bytes.count) == bytes.count, fsync(file) == 0 else {
            throw SecretFileError.failed(step: "write", path: draft, errno: errno)
        }
        // A link, unlike a rename, leaves the file of whoever was faster.
        guard link(draft, path) == 0 || errno == EEXIST else {
            throw SecretFileError.failed(step: "create", path: path, errno: errno)
        }
        try persistEntry(of: path)
    }

    /// Without this a power failure could forget the file though its content is already in use.
    private static func persistEntry(of path: String) throws {
        let folder = URL(filePath: path).deletingLastPathComponent().path
        let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw SecretFileError.failed(step: "open", path: folder, errno: errno) }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw SecretFileError.failed(step: "sync", path: folder, errno: errno) }
    }
}
