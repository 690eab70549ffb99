import ArgumentParser
import Executor

/// The process that runs commands for a server; `serve` starts it.
struct ExecutorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "executor", abstract: "Run commands for a server (started by 'serve').", shouldDisplay: false)

    @Argument(help: "What its socket and its lock are called, without their endings.")
    var place: String
    @Argument(help: "What root has said: the server's user, as whom commands run, the data directory.")
    var terms: [String] = []

    func run() throws {
        let said = ExecutorTerms(words: terms)
        guard terms.isEmpty || said != nil else { throw ValidationError("The terms cannot be read.") }
        throw ExitCode(ExecutorProcess.run(place: place, terms: said))
    }
}

/// The process of root that starts executors for a server that has given root up; `serve` starts it.
struct LauncherCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "launcher", abstract: "Start executors for a server (started by 'serve').", shouldDisplay: false)

    @Argument(help: "The directory of the executors, and what they are held to.")
    var words: [String]

    func run() throws {
        throw ExitCode(LauncherProcess.run(words))
    }
}
