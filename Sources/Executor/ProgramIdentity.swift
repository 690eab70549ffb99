import Glibc

/// Tells one program file from another, so that a server knows whether an executor is of its own making.
enum ProgramIdentity {
    /// Names the contents of a program file: its inode, size and time of change. A running program's own file has it
    /// also when it has been replaced under its path.
    static func of(_ path: String) -> String {
        var status = stat()
        guard stat(path, &status) == 0 else { return "" }
        return [
            Int(status.st_dev), Int(status.st_ino), Int(status.st_size), status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
        ].map(String.init).joined(separator: ".")
    }
}
