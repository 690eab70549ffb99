import ArgumentParser

/// The program: one executable, a subcommand for each purpose.
@main
struct QkronCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "qkron",
        abstract: "Runs commands on schedules, and remembers what happened.",
        discussion: """
            Start a server with 'qkron serve', then create tasks over its HTTP API. Settings come from flags, from the \
            environment as QKRON_KEY or KEY, or from a file .env in the working directory.
            """,
        version: "qkron \(Version.current)",
        subcommands: [
            ServeCommand.self, MigrateCommand.self, UserCommand.self, LoginCommand.self, LogoutCommand.self,
            TaskCommand.self, ExecutionCommand.self, ImportCommand.self, ApplyCommand.self, ExportCommand.self,
            NodeCommand.self, ScheduleCommand.self, SecretsCommand.self, VersionCommand.self, ExecutorCommand.self,
        ])
}
