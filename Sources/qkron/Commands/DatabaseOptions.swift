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

    /// Runs `body` on the migrated database, and says what went wrong in words.
    func withDatabase(_ body: (Console) async throws -> Void) async throws {
        ProcessProtection.makeUndumpable()
        try await CommandFailure.inWords {
            let configuration = try Configuration(SettingSource.ofProcess(flags: flags))
            LoggingSetup.bootstrap(level: max(configuration.logLevel, .warning), format: configuration.logFormat)
            try await Console.open(configuration, body)
        }
    }
}
