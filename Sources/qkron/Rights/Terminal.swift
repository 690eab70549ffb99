import Glibc

/// The terminal from which root has started the server: whoever takes the server over later must neither type into
/// root's shell nor read what root types.
enum Terminal {
    /// Keeps the terminal as output alone. To be called by root: nobody else may open it.
    static func leave() {
        // Nothing is read from it.
        replace(STDIN_FILENO, by: "/dev/null", O_RDONLY)
        // A shell opens it for reading too. What cannot be opened anew stays as it is.
        for output in [STDOUT_FILENO, STDERR_FILENO] where isatty(output) == 1 {
            replace(output, by: "/proc/self/fd/\(output)", O_WRONLY)
        }
        // A leader of a session has no shell beside it.
        guard getsid(0) != getpid() else { return }
        let terminal = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC)
        guard terminal >= 0 else { return }
        _ = ioctl(terminal, UInt(TIOCNOTTY))
        close(terminal)
    }

    private static func replace(_ descriptor: Int32, by path: String, _ mode: Int32) {
        let opened = open(path, mode | O_NOCTTY | O_CLOEXEC)
        guard opened > STDERR_FILENO else { return }
        dup2(opened, descriptor)
        close(opened)
    }
}
