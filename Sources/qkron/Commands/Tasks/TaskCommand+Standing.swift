import ArgumentParser
import Client
import Domain

extension TaskCommand {
    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stop a task, or all with a tag, from firing; a run in progress goes on to its end.")

        @OptionGroup var tasks: ChosenTasks
        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await options.withServer { server in
                try await tasks.change(.pause, "Paused", on: server, output) { try await server.pause($0) }
            }
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Have a paused task, or all with a tag, fire again, from now on.")

        @OptionGroup var tasks: ChosenTasks
        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await options.withServer { server in
                try await tasks.change(.resume, "Resumed", on: server, output) { try await server.resume($0) }
            }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete a task, or all with a tag, with the executions; a run in progress is killed.",
            discussion: "With --tag it asks first, and wants --yes where there is no terminal.")

        @OptionGroup var tasks: ChosenTasks
        @OptionGroup var confirmation: Confirmation
        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ClientOptions

        func validate() throws {
            if !tasks.tag.isEmpty { try confirmation.check() }
        }

        func run() async throws {
            try await options.withServer { server in
                try await tasks.change(on: server) { id in
                    try await server.deleteTask(id)
                    output.show(["task_id": .string("\(id)")], or: "Deleted \(id).")
                } all: { tags in
                    if !confirmation.yes { try await ask(tags, server) }
                    let (count, answer) = try await server.change(allTagged: tags, .delete)
                    output.show(answer, or: "Deleted \(ChosenTasks.inWords(count)).")
                }
            }
        }

        private func ask(_ tags: [String], _ server: RemoteServer) async throws {
            let count = try await server.tasks(tags.map { Query("tag", $0) }).count
            try confirmation.ask(
                "Delete \(ChosenTasks.inWords(count)) with the tag \(tags.joined(separator: ", ")), and all executions?"
            )
        }
    }
}
