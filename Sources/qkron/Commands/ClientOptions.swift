import ArgumentParser
import Client
import Executor
import Foundation

/// The flags of commands that talk to a server, and who they speak for. No secret is ever an argument: a command line
/// can be read by anyone.
struct ClientOptions: ParsableArguments {
    /// The variables of the environment that these commands read.
    static let variables: Set<String> = ["QKRON_URL", "QKRON_TOKEN", "QKRON_USER"]

    @Option(help: "The server's address. (default: QKRON_URL, else http://127.0.0.1:8000)")
    var server: String?

    @Option(help: "Who asks: a username or an e-mail address. (default: QKRON_USER)")
    var user: String?

    /// Runs `body` on the server, logged in; says what went wrong in words.
    ///
    /// `QKRON_TOKEN` speaks for itself, unless a user is named; else a password is asked for.
    func withServer(_ body: (RemoteServer) async throws -> Void) async throws {
        ProcessProtection.makeUndumpable()
        try await CommandFailure.inWords {
            let environment = ProcessInfo.processInfo.environment.filter { !$0.value.isEmpty }
            let address = try (server ?? environment["QKRON_URL"]).map { try ServerAddress($0) } ?? .usual
            try await body(try await logIn(at: address, environment))
        }
    }

    private func logIn(at address: ServerAddress, _ environment: [String: String]) async throws -> RemoteServer {
        if user == nil, let token = environment["QKRON_TOKEN"] { return RemoteServer(at: address, token: token) }
        guard let name = user ?? environment["QKRON_USER"] else { throw NobodyAsks() }
        let password = try PasswordPrompt.password(of: name)
        return try await RemoteServer(at: address).loggedIn(as: name, password: password)
    }
}

/// Nobody said who asks.
struct NobodyAsks: Error, CustomStringConvertible {
    let description = "Say who asks: --user NAME or QKRON_USER, then the password is asked for; or QKRON_TOKEN."
}
