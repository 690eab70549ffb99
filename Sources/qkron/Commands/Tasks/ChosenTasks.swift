import ArgumentParser
import Client
import Domain

/// The argument that names a task, or the tags that name several.
struct ChosenTasks: ParsableArguments {
    @Argument(help: "The task's name or id; or --tag.", completion: TaskChoice.completion)
    var task: String?
    @Option(
        help: "All of your tasks with this tag, as a superuser everybody's; of several tags, a task must have all.")
    var tag: [String] = []

    func validate() throws {
        guard (task == nil) != tag.isEmpty else { throw ValidationError("Give one task, or --tag.") }
    }

    /// Does the one thing to the task that is named, or the other to all that bear the tags.
    func change(
        on server: RemoteServer, one: (Identifier<TaskDefinition>) async throws -> Void,
        all: ([String]) async throws -> Void
    ) async throws {
        guard let task else { return try await all(tag) }
        try await one(try await TaskChoice.id(of: task, on: server))
    }

    /// Does it to the task that is named, in the way of `one`, or to all that bear the tags; and says so.
    func change(
        _ action: BulkAction, _ done: String, on server: RemoteServer, _ output: OutputOptions,
        one: (Identifier<TaskDefinition>) async throws -> RemoteMessage
    ) async throws {
        try await change(on: server) { id in
            output.show(try await one(id))
        } all: { tags in
            let (count, answer) = try await server.change(allTagged: tags, action)
            output.show(answer, or: "\(done) \(Self.inWords(count)).")
        }
    }

    /// How many tasks, in words.
    static func inWords(_ count: Int) -> String { count == 1 ? "1 task" : "\(count) tasks" }
}
