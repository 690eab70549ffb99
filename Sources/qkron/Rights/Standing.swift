import Actions
import EmbeddedPostgres
import Executor
import Glibc
import Logging
import SystemUsers

/// With whose rights this server works, and what is left of those that it was started with.
struct Standing: Sendable {
    /// Starts executors where this process has not the rights to.
    let launcher: LauncherClient?
    let commandUsers: CommandUsers
    /// The address of the server, where only root could take it.
    let listener: Int32?

    /// Gives root up where root has started the server; takes up the launcher where an earlier server in this process
    /// has.
    ///
    /// To be called before anything is opened that must not be root's.
    static func take(
        _ configuration: Configuration, inheriting inheritance: Inheritance?, logger: Logger
    ) throws -> Standing {
        guard geteuid() == 0 else { return try kept(configuration, inheriting: inheritance, logger: logger) }
        let directory = try DataDirectory(path: configuration.dataDirectory)
        guard let user = try ServerUser.choose(configuration.serverUser, earlier: directory.earlierUser) else {
            logger.warning("The server stays root, as SERVER_USER says")
            let users = try CommandUser.choose(configuration.runs.runAs, among: .anyBut(server: nil))
            return Standing(launcher: nil, commandUsers: users, listener: nil)
        }
        let users = try CommandUser.choose(configuration.runs.runAs, among: .anyBut(server: user))
        let listener =
            inheritance == nil ? try LowPort.bind(host: configuration.host, port: configuration.port) : nil
        // The launcher would end the one of a server that is at work there.
        if inheritance == nil { try directory.refuseHeld() }
        try directory.give(to: user.uid, isHeld: inheritance != nil)
        // Also where no commands run: a reload may bring the engine.
        let launcher = try launcher(for: user, directory, users: users.all, logger)
        Terminal.leave()
        try RootDrop.become(user)
        logger.notice("Root is given up", metadata: ["user": "\(user.name)"])
        Reload.warn(of: configuration, user: user.name, logger: logger)
        return Standing(launcher: launcher, commandUsers: users, listener: listener)
    }

    private static func launcher(
        for user: SystemUser, _ directory: DataDirectory, users: [SystemUser], _ logger: Logger
    ) throws -> LauncherClient {
        try LauncherClient.start(
            directory: RuntimeDirectory.ofRoot(for: directory.path),
            ExecutorTerms(server: user.uid, commandUsers: users, dataDirectory: directory.path),
            onLoss: end(logger))
    }

    /// The rights of a server that is not root: its own, and what an earlier one in this process has left.
    private static func kept(
        _ configuration: Configuration, inheriting inheritance: Inheritance?, logger: Logger
    ) throws -> Standing {
        try ServerUser.checkOwn(configuration.serverUser)
        let launcher = try inheritance?.launcher.map { try LauncherClient(descriptor: $0, onLoss: end(logger)) }
        let choice = launcher.map { CommandUser.Choice.only($0.terms.commandUsers) } ?? .own
        return Standing(
            launcher: launcher, commandUsers: try CommandUser.choose(configuration.runs.runAs, among: choice),
            listener: nil)
    }

    /// The end of a server that has lost its launcher and needs it. As after kill -9 its runs go on until their leases
    /// lapse: what is not known to have ended must not be recorded so.
    private static func end(_ logger: Logger) -> @Sendable (String) -> Never {
        { why in
            logger.critical(
                "The launcher is lost, and nothing can be done without it: the server ends, and must be started again",
                metadata: ["error": "\(why)"])
            _exit(1)
        }
    }
}
