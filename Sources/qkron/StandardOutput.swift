import Glibc

/// What people and programs read: whole lines, written at once, so that they show even where output is a pipe.
enum StandardOutput {
    /// Writes one line.
    static func write(line: String) {
        let bytes = Array("\(line)\n".utf8)
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            written += count
        }
    }
}
