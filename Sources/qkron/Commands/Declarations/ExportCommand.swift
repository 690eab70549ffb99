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
            Your own tasks are meant, for 'apply' makes those of others anew, as yours. Secret values are not among what a \
            server tells: they come as null, and 'apply' keeps what is stored. The exit code is 5 if \
            something is left out that the file would need, which is told. 
            """ + CommandFailure.codesInWords)

    @Option(help: "Only tasks with this tag; several must all be there.")
    var tag: [String] = []
    @Flag(help: "The tasks of everybody, as far as they are shown to you.")
    var all = false
    @Option(help: "The tasks of the user of this name, not your own.")
    var owner: String?
    @Option(help: "yaml or json.")
    var format = Format.yaml

    @OptionGroup var options: ClientOptions

    func validate() throws {
        guard !all || owner == nil else { throw ValidationError("--all contradicts --owner; give one of the two.") }
    }

    func run() async throws {
        try await options.withServer { server in
            let own = all ? nil : try await OwnTasks(of: server, owner: owner)
            let shown = try await server.tasks(tag.map { Query("tag", $0) }).filter { own?.hold($0) ?? true }
            let tasks = shown.filter { $0.text("task_type") == "command" }
                .sorted { (TextKey($0.name), $0.id) < (TextKey($1.name), $1.id) }
            let file = TaskFileText(tasks.map(\.json))
            switch format {
            case .yaml: StandardOutput.write(line: String(try file.yaml().dropLast()))
            case .json: StandardOutput.write(line: file.json)
            }
            let gaps = ExportGaps(of: shown, exported: tasks).sentences
            guard gaps.isEmpty else { throw CommandError(description: gaps.joined(separator: "\n")) }
        }
    }
}

/// What keeps an exported file from making the same tasks again.
private struct ExportGaps {
    let sentences: [String]

    init(of all: [RemoteTask], exported: [RemoteTask]) {
        var sentences: [String] = []
        let left = all.filter { $0.text("task_type") != "command" }
        if !left.isEmpty {
            sentences.append(
                "Left out, as they run no command: \(left.map { "'\($0.name)'" }.joined(separator: ", ")).")
        }
        let names = Dictionary(grouping: exported) { TextKey($0.name) }.filter { $1.count > 1 }.keys.sorted()
        for name in names {
            sentences.append("Several tasks are named '\(name.text)'; 'apply' wants a name of its own for each.")
        }
        for task in exported where Self.hidesValues(task) {
            sentences.append("The values of the variables of '\(task.name)' are not shown to you, and are left out.")
        }
        self.sentences = sentences
    }

    /// Whether values are kept back that are no secrets: viewers are not told those of others.
    private static func hidesValues(_ task: RemoteTask) -> Bool {
        guard case .object(let variables)? = task.json.member("env") else { return false }
        let secrets = Set(task.texts("secret_env").map { TextKey($0) })
        return variables.contains { $0.value == .null && !secrets.contains($0.key) }
    }
}
