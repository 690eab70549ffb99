import Actions
import EmbeddedPostgres
import Executor
import Foundation
import Glibc
import Logging
import SystemUsers

/// What a server cannot change when it is replaced by the program on disk, which has not more rights than it has: told
/// to the program that is asked whether it could take over.
struct Reload: Codable {
    /// Where the server that asks says so.
    static let variable = "QKRON_RELOAD"

    let host: String
    let port: Int
    let dataDirectory: String
    /// The user ids that commands run as, by the owner's role; nil where there is no launcher.
    let commandUsers: [String: UInt32]?

    /// What holds for a server of this configuration and standing.
    init(_ configuration: Configuration, _ standing: Standing) throws {
        host = configuration.host
        port = configuration.port
        dataDirectory =
            try standing.launcher?.terms.dataDirectory ?? DataDirectory(path: configuration.dataDirectory).path
        commandUsers = standing.launcher == nil ? nil : standing.commandUsers.ids
    }

    /// The variable of the environment that tells it, and its value.
    var environmentEntry: (name: String, value: String) {
        get throws { (Self.variable, String(decoding: try JSONEncoder().encode(self), as: UTF8.self)) }
    }

    /// Refuses a configuration under which the server that asks could not be replaced. Where nobody asks, nothing is
    /// refused.
    static func check(_ configuration: Configuration) throws {
        guard let text = ProcessInfo.processInfo.environment[variable] else { return }
        try JSONDecoder().decode(Reload.self, from: Data(text.utf8)).check(configuration)
    }

    private func check(_ configuration: Configuration) throws {
        guard access(".env", R_OK) == 0 || errno == ENOENT else {
            throw ReplacementError(description: ".env in the working directory cannot be read")
        }
        if geteuid() != 0 {
            try ServerUser.checkOwn(configuration.serverUser)
        } else if configuration.serverUser.flatMap(SystemUser.lookup)?.uid != 0 {
            throw ReplacementError(description: "the server is root, and another SERVER_USER takes a restart")
        }
        if let commandUsers {
            let allowed = CommandUser.Choice.only(Set(commandUsers.values))
            guard try CommandUser.choose(configuration.runs.runAs, among: allowed).ids == commandUsers else {
                throw ReplacementError(description: "another RUN_AS takes a restart")
            }
        }
        let path = realpath(configuration.dataDirectory, nil)
        defer { free(path) }
        guard path.map({ String(cString: $0) }) == dataDirectory else {
            throw ReplacementError(description: "another DATA_DIR takes a restart")
        }
        guard (host, port) != (configuration.host, configuration.port) else { return }
        do {
            if let socket = try LowPort.bind(host: configuration.host, port: configuration.port) { close(socket) }
        } catch let error as LowPortError where error.code == EADDRINUSE {
            // It may be the server itself that listens there.
        }
    }

    /// Tells what a replacement could not read, now that root is given up.
    static func warn(of configuration: Configuration, user: String, logger: Logger) {
        // Where there is no name of it, nothing can be replaced.
        let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let closed =
            configuration.files.filter { access($0, R_OK) != 0 }
            + [(".", X_OK), (program ?? "", X_OK)].filter { access($0.0, $0.1) != 0 }.map(\.0)
        guard !closed.isEmpty else { return }
        logger.warning(
            "A reload will be refused: the server's user can not read all that it takes",
            metadata: ["user": "\(user)", "closed": "\(closed.joined(separator: ", "))"])
    }
}
