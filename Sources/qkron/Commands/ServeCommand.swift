import ArgumentParser
import Executor
import Glibc
import Logging
import Server

/// Runs the server until SIGTERM or SIGINT; SIGHUP replaces it by the program now on disk.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the server.",
        discussion: """
            SIGTERM stops it when its running commands have ended; SIGHUP replaces it by the program now on disk, which \
            reads its configuration anew and carries on with them. Without DATABASE_URL it keeps a private PostgreSQL under the data directory. Secrets, and addresses that \
            may hold one, have no flag: set DATABASE_URL, SECRET_KEY, SECRET_KEY_PREVIOUS and SUPERUSER_USERNAME, _EMAIL \
            and _PASSWORD in the environment or in .env.
            """)

    @OptionGroup var options: ServeOptions
    @Flag(help: "Read the configuration, tell what is wrong with it, and stop.")
    var check = false

    func run() async throws {
        // Who asks for a new start before this one is done has it; as a default, SIGHUP would end the process.
        Glibc.signal(SIGHUP, SIG_IGN)
        try await CommandFailure.inWords {
            let inheritance = Inheritance.take()
            var configuration = try Configuration(SettingSource.ofProcess(flags: options.flags))
            configuration.exposure.tls = try configuration.tls?.load()
            if check { return }
            LoggingSetup.bootstrap(level: configuration.logLevel, format: configuration.logFormat)
            ProcessProtection.becomeSubreaper()
            ProcessProtection.makeUndumpable()
            ProcessMemory.returnLargeBlocks()
            try await ServerLife(configuration, inheriting: inheritance, logger: Logger(label: "qkron")).live()
        }
    }
}
