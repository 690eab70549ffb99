import Glibc

/// The terminal at standard input while it does not show what is typed.
enum SilentTerminal {
    /// As it was; written only while no handler is in place, and read by handlers only while one is.
    nonisolated(unsafe) private static var original = termios()
    private static let endings = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]

    /// Runs `body` without echo. A signal that ends the process meanwhile gives the terminal its echo back first, and
    /// the terminal cannot suspend the process.
    ///
    /// - Throws: `PromptError` if standard input is no terminal.
    static func during<Answer>(_ body: () -> Answer) throws -> Answer {
        guard tcgetattr(STDIN_FILENO, &original) == 0 else {
            throw PromptError(description: "The terminal cannot be set up.")
        }
        var silent = original
        silent.c_lflag &= ~tcflag_t(ECHO)
        let earlier = endings.map { signal($0, restoreAndEnd) }
        let suspension = signal(SIGTSTP, SIG_IGN)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
        defer {
            restore()
            for (number, handler) in zip(endings, earlier) { signal(number, handler) }
            signal(SIGTSTP, suspension)
        }
        return body()
    }

    private static let restoreAndEnd: @convention(c) (Int32) -> Void = { number in
        restore()
        signal(number, SIG_DFL)
        kill(getpid(), number)
    }

    /// Only calls what a signal handler may call.
    private static func restore() {
        var original = original
        tcsetattr(STDIN_FILENO, TCSANOW, &original)
    }
}
