import Foundation

/// Asks for a password at the terminal, without echo, or reads a line from standard input where there is no terminal.
/// Never from an argument: a command line can be read by anyone.
enum PasswordPrompt {
    /// A new password, typed twice at a terminal.
    ///
    /// - Throws: `PromptError` if none is given, or the two differ.
    static func newPassword() throws -> String {
        guard isatty(STDIN_FILENO) == 1 else {
            guard let line = readLine(strippingNewline: true), !line.isEmpty else {
                throw PromptError(description: "No password was given on standard input.")
            }
            return line
        }
        let password = try ask("New password: ")
        guard try ask("Again: ") == password else { throw PromptError(description: "The two passwords differ.") }
        return password
    }

    private static func ask(_ prompt: String) throws -> String {
        FileHandle.standardError.write(Data(prompt.utf8))
        var terminal = termios()
        guard tcgetattr(STDIN_FILENO, &terminal) == 0 else {
            throw PromptError(description: "The terminal cannot be set up.")
        }
        var silent = terminal
        silent.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
        defer {
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal)
            FileHandle.standardError.write(Data("\n".utf8))
        }
        guard let line = readLine(strippingNewline: true), !line.isEmpty else {
            throw PromptError(description: "No password was given.")
        }
        return line
    }
}

/// Why no password could be had.
struct PromptError: Error, CustomStringConvertible {
    let description: String
}
