import ArgumentParser
import Executor
import Glibc
import Logging
import Server

/// Runs the server until SIGTERM or SIGINT; SIGHUP replaces it by the program now on disk.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the server.",
        discussion: """
            SIGTERM stops it when its running commands have ended; SIGHUP replaces it by the program now on disk, \
            which reads its configuration anew and carries on with them. Without DATABASE_URL it keeps a private \
            PostgreSQL under the data directory. Secrets, and addresses that may hold one, have no flag: set \
            DATABASE_URL, SECRET_KEY and SECRET_KEY_PREVIOUS, ENCRYPTION_KEY and ENCRYPTION_KEY_PREVIOUS, \
            API_KEY_HASH, and SUPERUSER_USERNAME, _EMAIL and _PASSWORD in the environment or in .env.
            """)

    @OptionGroup var options: ServeOptions
    @Flag(help: "Read the configuration, tell what is wrong with it, and stop.")
    var check = false

    func run() throws {
        // Who asks for a new start before this one is done has it; as a default, SIGHUP would end the process.
        Glibc.signal(SIGHUP, SIG_IGN)
        guard let server = try CommandFailure.inWordsAtOnce(prepare) else { return }
        Program.live { try await CommandFailure.inWords { try await server.live() } }
    }

    /// The server, with the rights that it is to have; nil where only the configuration is looked at.
    private func prepare() throws -> ServerLife? {
        let inheritance = Inheritance.take()
        var configuration = try Configuration(SettingSource.ofProcess(flags: options.flags))
        configuration.exposure.tls = try configuration.tls?.load()
        if check {
            for name in configuration.unknownNames {
                CommandFailure.tell("A setting of this name is not known and does nothing: \(name)")
            }
            try Reload.check(configuration)
            return nil
        }
        LoggingSetup.bootstrap(level: configuration.logLevel, format: configuration.logFormat)
        ProcessProtection.becomeSubreaper()
        ProcessProtection.makeUndumpable()
        ProcessMemory.returnLargeBlocks()
        let logger = Logger(label: "qkron")
        let standing = try Standing.take(configuration, inheriting: inheritance, logger: logger)
        return ServerLife(configuration, standing, inheriting: inheritance, logger: logger)
    }
}
