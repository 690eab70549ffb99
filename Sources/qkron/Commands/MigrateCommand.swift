import ArgumentParser

/// Brings the database to this binary's schema.
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Bring the database to the schema of this binary.",
        discussion: "'serve' does the same at start. Without DATABASE_URL the private cluster is started for it.")

    @OptionGroup var options: DatabaseOptions

    func run() async throws {
        try await options.withDatabase { console in
            let applied = console.appliedMigrations
            StandardOutput.write(
                line: applied.isEmpty
                    ? "The schema is up to date."
                    : "Applied migrations: \(applied.map(String.init).joined(separator: ", "))")
        }
    }
}
