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
                try await output.show(start: try await server.execute(id), of: id, on: server, waits: wait)
            }
        }
    }

    struct Logs: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what a task's newest run wrote.",
            discussion: """
                With --follow, goes on until the run ends; the exit code then is 0 if it completed, 1 if not. What the \
                command wrote to its standard error comes on standard error. With --json, each event of the run is a JSON \
                object on a line of its own: 'event', 'id' and 'data', as the stream of the API has them.
                """)

        @OptionGroup var task: NamedTask
        @Flag(name: [.short, .long], help: "Go on until the run ends.")
        var follow = false
        @Option(help: "This execution instead of the newest.")
        var execution: String?

        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ClientOptions

        func validate() throws {
            if let execution { _ = try ExecutionChoice.id(execution) }
        }

        func run() async throws {
            try await options.withServer { server in
                let id = try await TaskChoice.id(of: task.task, on: server)
                let chosen = try await choose(of: id, on: server)
                guard follow else { return try await show(chosen, of: id, on: server) }
                try CommandOutput.judge(try await server.followEvents(of: chosen, id, write))
            }
        }

        private func show(
            _ chosen: Identifier<Execution>, of id: Identifier<TaskDefinition>, on server: RemoteServer
        ) async throws {
            let found = try await server.execution(chosen, of: id)
            if output.json, found.hasEnded {
                // The stream of what has ended tells all of it at once, and where it was cut.
                _ = try await server.followEvents(of: chosen, id, write)
            } else {
                for event in RunEvent.events(of: found) { write(event) }
            }
        }

        private func write(_ event: RunEvent) {
            if output.json {
                StandardOutput.write(line: event.json.serialized())
            } else if let piece = event.output {
                CommandOutput.write(piece)
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

extension OutputOptions {
    /// Shows that a run was asked for; with `waits`, shows it and its end.
    ///
    /// - Throws: `ExitCode` of a run that did not complete; `ClientError`.
    func show(
        start execution: Identifier<Execution>, of task: Identifier<TaskDefinition>, on server: RemoteServer,
        waits: Bool
    ) async throws {
        guard waits else {
            return show(
                ["task_id": .string("\(task)"), "execution_id": .string("\(execution)")],
                or: "It runs as soon as it may: execution \(execution).")
        }
        let ended = try await server.follow(execution, of: task) { piece in
            if !json { CommandOutput.write(piece) }
        }
        if json { StandardOutput.write(line: ended.json.serialized()) }
        try CommandOutput.judge(ended)
    }
}

/// A task has not run yet.
struct NothingRan: Error, CustomStringConvertible {
    let description = "It has not run yet."
}
