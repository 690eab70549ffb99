import ArgumentParser
import Domain

/// Brings the database to this binary's schema.
struct MigrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Bring the database to the schema of this binary.",
        discussion: """
            'serve' does the same at start. Without DATABASE_URL it works on the private cluster that a server has made, and \
            starts it meanwhile.
            """)

    @OptionGroup var output: OutputOptions
    @OptionGroup var options: DatabaseOptions

    func run() throws {
        try options.withDatabase { console in
            let applied = console.appliedMigrations
            output.show(
                ["applied_migrations": .array(applied.map(JSONValue.integer))],
                or: applied.isEmpty
                    ? "The schema is up to date."
                    : "Applied migrations: \(applied.map(String.init).joined(separator: ", "))")
        }
    }
}
