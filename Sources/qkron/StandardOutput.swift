import Glibc

/// What people and programs read: written at once, so that it shows even where output is a pipe.
enum StandardOutput {
    /// Writes one line. A command whose output cannot be written ends here: what follows would be lost, too.
    static func write(line: String) {
        write("\(line)\n", to: STDOUT_FILENO)
    }

    /// Writes a text to standard output or standard error, as `write(line:)` does.
    static func write(_ text: String, to file: Int32) {
        let error = put(text, to: file)
        guard error != 0 else { return }
        // Nobody reads any more, as under `head`: the end is that of programs which do not ignore the signal for it.
        guard error != EPIPE else { _exit(128 + SIGPIPE) }
        announce("qkron: The output cannot be written: \(String(cString: strerror(error))).")
        _exit(CommandFailure.Code.anythingElse)
    }

    /// Writes a line for whoever looks: a server, or the telling of a failure, goes on without.
    static func announce(_ line: String, to file: Int32 = STDERR_FILENO) {
        _ = put("\(line)\n", to: file)
    }

    /// Writes all of it.
    ///
    /// - Returns: the error that was met; 0 if there was none.
    private static func put(_ text: String, to file: Int32) -> Int32 {
        let bytes = Array(text.utf8)
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count >= 0 {
                written += count
            } else if errno != EINTR {
                return errno
            }
        }
        return 0
    }
}
