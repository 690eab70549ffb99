import ArgumentParser
import Client
import Domain

/// Works with tasks, over the HTTP API of a server.
struct TaskCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "task",
        abstract: "List, make, change, run and watch tasks; asks a server.",
        discussion: "Where a task is named, its id will do, or its name where no other has it. "
            + CommandFailure.codesInWords,
        subcommands: [
            List.self, Show.self, Create.self, Update.self, Delete.self, Pause.self, Resume.self, Run.self, Logs.self,
            ShowSlots.self, Dependencies.self, WebhookToken.self,
        ])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List tasks, newest first.")

        @Option(help: "Only tasks with this tag; several must all be there.")
        var tag: [String] = []
        @Option(help: "Only tasks of this status; may be given several times.")
        var status: [String] = []
        @Option(help: "Only tasks whose name holds this.")
        var name: String?
        @Flag(help: "Only tasks that are paused.")
        var paused = false
        @Flag(help: "Only tasks that are not paused.")
        var active = false
        @Option(help: "Show so many at most.")
        var limit = 1_000

        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ClientOptions

        func validate() throws {
            if limit < 1 { throw ValidationError("--limit must be 1 or more.") }
            if paused, active { throw ValidationError("Give one of --paused and --active.") }
        }

        func run() async throws {
            try await options.withServer { server in
                let filter =
                    tag.map { Query("tag", $0) } + status.map { Query("status", $0) }
                    + (name.map { [Query("q", $0)] } ?? [])
                    + (paused || active ? [Query("is_active", "\(active)")] : [])
                let tasks = try await server.tasks(filter, upTo: limit)
                output.show(.array(tasks.map(\.json)), or: Self.table(of: tasks))
            }
        }

        private static func table(of tasks: [RemoteTask]) -> String {
            let heads = ["NAME", "STATUS", "ACTIVE", "SCHEDULE", "NEXT RUN", "LAST RUN", "OWNER", "ID"]
            let rows = tasks.map { task in
                [
                    task.name, task.text("status") ?? "-",
                    task.json.member("is_active")?.boolValue == true ? "yes" : "no",
                    task.text("schedule") ?? "-", task.text("next_run") ?? "-", task.text("last_run") ?? "-",
                    task.text("owner_username") ?? "-", "\(task.id)",
                ]
            }
            return TextTable.render([heads] + rows)
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a task.")

        @OptionGroup var task: NamedTask
        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await options.withServer { server in
                let found = try await TaskChoice.task(of: task.task, on: server)
                output.show(found.json, or: TaskPage(found).text)
            }
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make a task.")

        @Option(help: "What it is called.")
        var name: String?
        @Flag(help: "Make it paused.")
        var paused = false

        @OptionGroup var fields: TaskFields
        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await options.withServer { server in
                var members = try await fields.members(on: server)
                if let name { members["name"] = .string(name) }
                if paused { members["is_active"] = false }
                let task = try await server.makeTask(.object(members))
                let next = task.text("next_run").map { " Next run: \($0)." } ?? ""
                output.show(task.json, or: "Made '\(task.name.printable)' (\(task.id)).\(next)")
            }
        }
    }

    struct Update: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a task new values for some fields.",
            discussion: "Variables, tags, labels and dependencies are replaced whole.")

        @OptionGroup var task: NamedTask
        @Option(help: "What it is called from now on.")
        var name: String?

        @OptionGroup var fields: TaskFields
        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await options.withServer { server in
                var members = try await fields.members(on: server)
                if let name { members["name"] = .string(name) }
                let id = try await TaskChoice.id(of: task.task, on: server)
                let changed = try await server.change(id, .object(members))
                output.show(changed.json, or: "Changed '\(changed.name.printable)' (\(changed.id)).")
            }
        }
    }
}

/// The argument that names a task.
struct NamedTask: ParsableArguments {
    @Argument(help: "The task's name or id.", completion: TaskChoice.completion)
    var task: String
}
