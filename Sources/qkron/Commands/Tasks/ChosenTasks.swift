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

    /// How many tasks, in words.
    static func inWords(_ count: Int) -> String { count == 1 ? "1 task" : "\(count) tasks" }
}
