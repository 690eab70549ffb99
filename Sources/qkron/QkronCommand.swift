import ArgumentParser
import Dispatch

/// Where the program begins.
@main
enum Program {
    /// Runs the command that the arguments name, on the first thread of the process as long as the command wants no
    /// other.
    static func main() {
        // What a shell asks to complete is looked up at a server, which waits.
        if CommandLine.arguments.dropFirst().first == "---completion" { live { await QkronCommand.main() } }
        do {
            var command = try QkronCommand.parseAsRoot()
            guard let longer = command as? any AsyncParsableCommand else {
                try command.run()
                QkronCommand.exit()
            }
            live {
                var command = longer
                try await command.run()
            }
        } catch {
            QkronCommand.exit(withError: error)
        }
    }

    /// Runs the body and then ends the process. The first thread ends before it begins: what that one is to be, it must
    /// be by now, for the system shows its user as that of the process.
    static func live(_ body: sending @escaping () async throws -> Void) -> Never {
        // It lives as long as the process, whose end is its last step.
        Task {
            do {
                try await body()
                QkronCommand.exit()
            } catch {
                QkronCommand.exit(withError: error)
            }
        }
        dispatchMain()
    }
}

/// The program: one executable, a subcommand for each purpose.
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
            ScheduleCommand.self, SchedulerCommand.self, NodeCommand.self, KeyCommand.self, AccountCommand.self,
            AuditCommand.self, SecretsCommand.self, VersionCommand.self, ExecutorCommand.self, LauncherCommand.self,
        ])
}
