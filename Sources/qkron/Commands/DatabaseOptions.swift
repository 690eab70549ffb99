import ArgumentParser
import Executor
import Logging

/// The flags of commands that work on the database.
struct DatabaseOptions: ParsableArguments {
    @Option(help: "Directory of the private cluster and of made-up secrets (DATA_DIR).")
    var dataDir: String?

    @Option(help: "Directory of initdb and postgres (POSTGRES_BIN).")
    var postgresBin: String?

    private var flags: [Setting: String] {
        var flags: [Setting: String] = [:]
        flags[.dataDirectory] = dataDir
        flags[.postgresBin] = postgresBin
        return flags
    }

    /// Runs `body` on the migrated database, says what went wrong in words, and ends the process.
    func withDatabase(_ body: @escaping @Sendable (Console) async throws -> Void) throws {
        try withDatabase(asking: {}, { console, _ in try await body(console) })
    }

    /// The same with what `ask` has of a person, who is asked only where there is something to work on.
    func withDatabase<Answer: Sendable>(
        asking ask: () throws -> Answer, _ body: @escaping @Sendable (Console, Answer) async throws -> Void
    ) throws {
        ProcessProtection.makeUndumpable()
        let (configuration, answer) = try CommandFailure.inWordsAtOnce {
            let configuration = try Configuration(SettingSource.ofProcess(flags: flags))
            try Console.requireData(configuration)
            let answer = try ask()
            try Console.becomeServerUser(configuration)
            return (configuration, answer)
        }
        Program.live {
            try await CommandFailure.inWords {
                LoggingSetup.bootstrap(level: max(configuration.logLevel, .warning), format: configuration.logFormat)
                try await Console.open(configuration) { try await body($0, answer) }
            }
        }
    }
}
