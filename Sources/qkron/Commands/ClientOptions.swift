import ArgumentParser
import Client
import Executor
import Foundation

/// The flags of commands that talk to a server, and who they speak for. No secret is ever an argument: a command line
/// can be read by anyone.
struct ClientOptions: ParsableArguments {
    /// The variables of the environment that these commands read.
    static let variables: Set<String> = ["QKRON_URL", "QKRON_TOKEN", "QKRON_USER", "QKRON_API_KEY", "QKRON_CA_FILE"]

    @Option(
        name: [.long, .customLong("url")],
        help: "The server's address. (default: QKRON_URL, else that of the last login, else http://127.0.0.1:8000)")
    var server: String?

    @Option(help: "Who asks: a username or an e-mail address. (default: QKRON_USER)")
    var user: String?

    @Option(
        help: "A PEM file of authorities that are trusted beside the system's, for https. (default: QKRON_CA_FILE)",
        completion: .file())
    var caFile: String?

    /// Runs `body` on the server, logged in; says what went wrong in words.
    func withServer(_ body: (RemoteServer) async throws -> Void) async throws {
        try await withNobody { server, environment in
            try await body(try await logIn(at: server, environment))
        }
    }

    /// Runs `body` on the server, asked by nobody yet, with the environment; says what went wrong in words.
    func withNobody(_ body: (RemoteServer, [String: String]) async throws -> Void) async throws {
        ProcessProtection.makeUndumpable()
        try await CommandFailure.inWords {
            let environment = ProcessInfo.processInfo.environment.filter { !$0.value.isEmpty }
            try await body(try remote(environment, .nobody), environment)
        }
    }

    /// The server for a completion: only one that can be asked without a password.
    static func silentServer() -> RemoteServer? {
        let environment = ProcessInfo.processInfo.environment.filter { !$0.value.isEmpty }
        // Nobody hears of an error while the shell completes a word.
        guard let address = try? ClientOptions.parse([]).address(environment),
            let credential = try? credential(at: address, environment)
        else { return nil }
        return try? RemoteServer(at: address, as: credential, trusting: environment["QKRON_CA_FILE"])
    }

    private func remote(_ environment: [String: String], _ credential: Credential) throws -> RemoteServer {
        try RemoteServer(
            at: try address(environment), as: credential, trusting: caFile ?? environment["QKRON_CA_FILE"])
    }

    private func address(_ environment: [String: String]) throws -> ServerAddress {
        if let text = server ?? environment["QKRON_URL"] { return try ServerAddress(text) }
        // A file that cannot be read is told of when a login is looked for.
        guard let current = try? SavedLogins(environment).current else { return .usual }
        return try ServerAddress(current)
    }

    /// A user named by flag gives a password. Else `QKRON_TOKEN` speaks for itself, then `QKRON_API_KEY`, then the
    /// login that was kept; last, `QKRON_USER` gives a password.
    private func logIn(at nobody: RemoteServer, _ environment: [String: String]) async throws -> RemoteServer {
        if user == nil, let credential = try Self.credential(at: nobody.address, environment) {
            return try remote(environment, credential)
        }
        guard let name = user ?? environment["QKRON_USER"] else { throw NobodyAsks() }
        let password = try PasswordPrompt.password(of: name)
        return try await nobody.loggedIn(as: name, password: password)
    }

    private static func credential(at address: ServerAddress, _ environment: [String: String]) throws -> Credential? {
        if let token = environment["QKRON_TOKEN"] { return .token(token) }
        if let key = environment["QKRON_API_KEY"] { return .key(key) }
        guard let login = try SavedLogins(environment)[address] else { return nil }
        guard let name = environment["QKRON_USER"], name != login.user else { return .token(login.token) }
        return nil
    }
}

/// Nobody said who asks.
struct NobodyAsks: Error, CustomStringConvertible {
    let description = """
        Say who asks: 'qkron login', or --user NAME or QKRON_USER, then the password is asked for; or QKRON_TOKEN or \
        QKRON_API_KEY.
        """
}
