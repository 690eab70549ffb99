import ArgumentParser
import Client
import Declarations
import Domain

/// Writes tasks as a file that `apply` reads.
struct ExportCommand: AsyncParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case yaml, json
    }

    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write tasks as a file that 'apply' reads; asks a server.",
        discussion: """
            Secret values are not among what a server tells: they come as null, and 'apply' keeps what is stored. 
            """ + CommandFailure.codesInWords)

    @Option(help: "Only tasks with this tag; several must all be there.")
    var tag: [String] = []
    @Option(help: "yaml or json.")
    var format = Format.yaml

    @OptionGroup var options: ClientOptions

    func run() async throws {
        try await options.withServer { server in
            let all = try await server.tasks(tag.map { Query("tag", $0) })
            let tasks = all.filter { $0.text("task_type") == "command" }
                .sorted { (TextKey($0.name), $0.id) < (TextKey($1.name), $1.id) }
            tell(of: all, tasks)
            let file = TaskFileText(tasks.map(\.json))
            switch format {
            case .yaml: StandardOutput.write(line: String(try file.yaml().dropLast()))
            case .json: StandardOutput.write(line: file.json.serialized())
            }
        }
    }

    private func tell(of all: [RemoteTask], _ tasks: [RemoteTask]) {
        if all.count > tasks.count {
            CommandFailure.tell("Left out: \(all.count - tasks.count) tasks that run no command.")
        }
        let names = Dictionary(grouping: tasks) { TextKey($0.name) }.filter { $1.count > 1 }.keys.sorted()
        for name in names {
            CommandFailure.tell("Several tasks are named '\(name.text)'; 'apply' wants a name of its own for each.")
        }
    }
}
