import ArgumentParser
import Client
import Domain
import Foundation

/// Logs in at a server, and keeps the token for the commands that follow.
struct LoginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "login",
        abstract: "Log in at a server; the commands that follow use this login.",
        discussion: """
            The password is asked for at the terminal, or read from standard input. The token is kept under \
            $XDG_CONFIG_HOME/qkron (else ~/.config/qkron) for you alone, and lasts as long as the server says \
            (ACCESS_TOKEN_EXPIRE_MINUTES). For programs, an API key in QKRON_API_KEY is better ('qkron key create').
            """)

    @OptionGroup var output: OutputOptions
    @OptionGroup var options: ClientOptions

    func run() async throws {
        try await options.withNobody { server, environment in
            guard let name = try options.user ?? environment["QKRON_USER"] ?? NamePrompt.name() else {
                throw NobodyAsks()
            }
            let session = try await server.logIn(as: name, password: try PasswordPrompt.password(of: name))
            var logins = try SavedLogins(environment)
            try logins.keep(SavedLogins.Login(user: name, token: session.token), at: server.address)
            let lifetime = session.lifetime.map { " for \($0 / 60) min" } ?? ""
            output.show(
                [
                    "server": .string("\(server.address)"), "user": .string(name),
                    "expires_in": session.lifetime.map(JSONValue.integer) ?? .null,
                ],
                or: "Logged in as \(name.printable) at \(server.address)\(lifetime).")
        }
    }
}

/// Forgets a login.
struct LogoutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logout", abstract: "Forget the login at a server.",
        discussion:
            "The server keeps no sessions: the token itself ends when its time is over, or the password changes.")

    @OptionGroup var output: OutputOptions
    @OptionGroup var options: ClientOptions

    func run() async throws {
        try await options.withNobody { server, environment in
            let address = server.address
            var logins = try SavedLogins(environment)
            let wasThere = try logins.forget(address)
            output.show(
                ["server": .string("\(address)"), "was_logged_in": .bool(wasThere)],
                or: wasThere ? "Logged out at \(address)." : "There was no login at \(address).")
        }
    }
}

/// Asks who logs in.
enum NamePrompt {
    /// The name typed at the terminal; nil without a terminal, or where nothing is typed.
    static func name() throws -> String? {
        guard isatty(STDIN_FILENO) == 1 else { return nil }
        StandardOutput.write("Username or e-mail: ", to: STDERR_FILENO)
        return readLine(strippingNewline: true).flatMap { $0.isEmpty ? nil : $0 }
    }
}
