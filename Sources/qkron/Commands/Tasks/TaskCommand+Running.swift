import ArgumentParser
import Client
import Domain

extension TaskCommand {
    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Have a task run now.",
            discussion: """
                With --wait, what the command writes is shown, and the exit code tells how the run ended: 0 if it \
                completed, 1 if not.
                """)

        @OptionGroup var task: NamedTask
        @Flag(help: "Show what the command writes, and wait for the end of the run.")
        var wait = false

        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await options.withServer { server in
                let id = try await TaskChoice.id(of: task.task, on: server)
                let execution = try await server.execute(id)
                guard wait else {
                    return output.show(
                        ["task_id": .string("\(id)"), "execution_id": .string("\(execution)")],
                        or: "It runs as soon as it may: execution \(execution).")
                }
                let ended = try await server.follow(execution, of: id) { piece in
                    if !output.json { CommandOutput.write(piece) }
                }
                if output.json { StandardOutput.write(line: ended.json.serialized()) }
                try CommandOutput.judge(ended)
            }
        }
    }

    struct Logs: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what a task's newest run wrote.",
            discussion: """
                With --follow, goes on until the run ends; the exit code then is 0 if it completed, 1 if not. What the \
                command wrote to its standard error comes on standard error.
                """)

        @OptionGroup var task: NamedTask
        @Flag(name: [.short, .long], help: "Go on until the run ends.")
        var follow = false
        @Option(help: "This execution instead of the newest.")
        var execution: String?

        @OptionGroup var options: ClientOptions

        func validate() throws {
            if let execution { _ = try ExecutionChoice.id(execution) }
        }

        func run() async throws {
            try await options.withServer { server in
                let id = try await TaskChoice.id(of: task.task, on: server)
                let chosen = try await choose(of: id, on: server)
                guard follow else {
                    return CommandOutput.write(try await server.execution(chosen, of: id))
                }
                try CommandOutput.judge(try await server.follow(chosen, of: id, CommandOutput.write))
            }
        }

        private func choose(
            of id: Identifier<TaskDefinition>, on server: RemoteServer
        ) async throws -> Identifier<Execution> {
            if let execution { return try ExecutionChoice.id(execution) }
            // A slot that was skipped wrote nothing.
            let real = ExecutionStatus.allCases.filter { $0 != .skipped }.map { Query("status", $0.rawValue) }
            guard let newest = try await server.executions(of: id, real, upTo: 1).first else { throw NothingRan() }
            return newest.id
        }
    }
}

/// A task has not run yet.
struct NothingRan: Error, CustomStringConvertible {
    let description = "It has not run yet."
}
