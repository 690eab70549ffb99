import ArgumentParser
import Client
import Domain

/// Looks at executions and ends them, over the HTTP API of a server.
struct ExecutionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "execution",
        abstract: "List, show, cancel and repeat executions; asks a server.", discussion: CommandFailure.codesInWords,
        subcommands: [List.self, Show.self, Cancel.self, Rerun.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List executions, newest first.")

        @Option(help: "Only those of this task; its name or id.", completion: TaskChoice.completion)
        var task: String?
        @Option(help: "Only those of this status; may be given several times.")
        var status: [String] = []
        @Option(help: "Only those with this trigger; may be given several times.")
        var trigger: [String] = []
        @Option(help: "Only those for slots from this time on, such as 2026-03-01T02:30:00Z.")
        var since: String?
        @Option(help: "Only those for slots before this time.")
        var until: String?
        @Option(help: "Show so many at most.")
        var limit = 50

        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ClientOptions

        func validate() throws {
            if limit < 1 { throw ValidationError("--limit must be 1 or more.") }
        }

        func run() async throws {
            try await options.withServer { server in
                var id: Identifier<TaskDefinition>?
                if let task { id = try await TaskChoice.id(of: task, on: server) }
                let filter =
                    status.map { Query("status", $0) } + trigger.map { Query("trigger", $0) }
                    + (since.map { [Query("since", $0)] } ?? []) + (until.map { [Query("until", $0)] } ?? [])
                let executions = try await server.executions(of: id, filter, upTo: limit)
                output.show(.array(executions.map(\.json)), or: Self.table(of: executions))
            }
        }

        private static func table(of executions: [RemoteExecution]) -> String {
            let heads = ["TASK", "STATUS", "REASON", "TRIGGER", "SCHEDULED FOR", "STARTED", "SECONDS", "CODE", "ID"]
            let rows = executions.map { execution in
                [
                    execution.text("task_name") ?? "-", execution.status, execution.text("reason") ?? "-",
                    execution.text("trigger") ?? "-", execution.text("scheduled_for") ?? "-",
                    execution.text("start_time") ?? "-", ExecutionPage.duration(of: execution) ?? "-",
                    execution.json.member("return_code")?.integerValue.map(String.init) ?? "-", "\(execution.id)",
                ]
            }
            return TextTable.render([heads] + rows)
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show an execution with its output.")

        @OptionGroup var execution: NamedExecution
        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await options.withServer { server in
                let found = try await execution.find(on: server)
                output.show(found.json, or: ExecutionPage(found).text)
            }
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End an execution: a waiting one never starts, a running one is killed with all its processes.")

        @OptionGroup var execution: NamedExecution
        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await options.withServer { server in
                let found = try await execution.find(on: server)
                output.show(try await server.cancel(found.id, of: found.taskID))
            }
        }
    }

    struct Rerun: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Run again what has ended, for the same slot.",
            discussion: """
                The new execution tells which one it repeats. With --wait, what the command writes is shown, and the exit \
                code tells how the run ended: 0 if it completed, 1 if not.
                """)

        @OptionGroup var execution: NamedExecution
        @Flag(help: "Show what the command writes, and wait for the end of the run.")
        var wait = false

        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await options.withServer { server in
                let found = try await execution.find(on: server)
                let started = try await server.rerun(found.id, of: found.taskID)
                try await output.show(start: started, of: found.taskID, on: server, waits: wait)
            }
        }
    }
}

/// The argument that names an execution.
struct NamedExecution: ParsableArguments {
    @Argument(help: "The execution's id.")
    var execution: String

    @Option(help: "The task that it belongs to; its name or id.", completion: TaskChoice.completion)
    var task: String?

    func validate() throws {
        _ = try ExecutionChoice.id(execution)
    }

    /// The execution that is named.
    ///
    /// - Throws: `ValidationError`, `ChoiceError`, `ClientError`.
    func find(on server: RemoteServer) async throws -> RemoteExecution {
        let id = try ExecutionChoice.id(execution)
        guard let task else { return try await server.execution(id) }
        return try await server.execution(id, of: try await TaskChoice.id(of: task, on: server))
    }
}

/// Reads the id of an execution.
enum ExecutionChoice {
    static func id(_ text: String) throws -> Identifier<Execution> {
        guard let id = Identifier<Execution>(text) else {
            throw ValidationError("'\(text.printable)' is no id of an execution; 'qkron execution list' shows them.")
        }
        return id
    }
}
