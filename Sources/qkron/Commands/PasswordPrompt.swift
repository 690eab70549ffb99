import Executor
import Foundation

/// Asks for a password at the terminal, without echo, or reads a line from standard input where there is no terminal.
/// Never from an argument: a command line can be read by anyone.
enum PasswordPrompt {
    /// A new password, typed twice at a terminal.
    ///
    /// - Throws: `PromptError` if none is given, or the two differ.
    static func newPassword() throws -> String {
        ProcessProtection.makeUndumpable()
        guard isatty(STDIN_FILENO) == 1 else { return try readInput() }
        let password = try ask("New password: ")
        guard try ask("Again: ") == password else { throw PromptError(description: "The two passwords differ.") }
        return password
    }

    /// The password that an account has.
    ///
    /// - Throws: `PromptError` if none is given.
    static func password(of name: String) throws -> String {
        ProcessProtection.makeUndumpable()
        return isatty(STDIN_FILENO) == 1 ? try ask("Password of \(name.printable): ") : try readInput()
    }

    private static func readInput() throws -> String {
        guard let line = readLine(strippingNewline: true), !line.isEmpty else {
            throw PromptError(description: "No password was given on standard input.")
        }
        return line
    }

    private static func ask(_ prompt: String) throws -> String {
        StandardOutput.write(prompt, to: STDERR_FILENO)
        defer { StandardOutput.announce("") }
        let line = try SilentTerminal.during { readLine(strippingNewline: true) }
        guard let line, !line.isEmpty else { throw PromptError(description: "No password was given.") }
        return line
    }
}

/// Why no password could be had.
struct PromptError: Error, CustomStringConvertible {
    let description: String
}
