import ArgumentParser
import Executor

/// The process that runs commands for a server; `serve` starts it.
struct ExecutorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "executor", abstract: "Run commands for a server (started by 'serve').", shouldDisplay: false)

    @Argument(help: "What its socket and its lock are called, without their endings.")
    var place: String

    func run() throws {
        throw ExitCode(ExecutorProcess.run(place: place))
    }
}
