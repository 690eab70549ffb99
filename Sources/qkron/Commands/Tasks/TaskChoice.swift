import ArgumentParser
import Client
import Domain

/// Finds the task that a person means.
enum TaskChoice {
    /// The id that `text` is, or that the only task of this name has.
    ///
    /// - Throws: `ChoiceError` where it fits none, or several; `ClientError`.
    static func id(of text: String, on server: RemoteServer) async throws -> Identifier<TaskDefinition> {
        if let id = Identifier<TaskDefinition>(text) { return id }
        return try await task(named: text, on: server).id
    }

    /// The task of this id, or the only one of this name.
    ///
    /// - Throws: `ChoiceError` where it fits none, or several; `ClientError`.
    static func task(of text: String, on server: RemoteServer) async throws -> RemoteTask {
        if let id = Identifier<TaskDefinition>(text) { return try await server.task(id) }
        return try await task(named: text, on: server)
    }

    private static func task(named name: String, on server: RemoteServer) async throws -> RemoteTask {
        guard TaskLimits.name.contains(name.unicodeScalars.count) else { throw none(name) }
        let named = try await server.tasks([Query("q", name)]).filter { $0.name.hasSameBytes(as: name) }
        guard let choice = named.first else { throw none(name) }
        guard named.count == 1 else { throw several(name, named) }
        return choice
    }

    private static func none(_ name: String) -> ChoiceError {
        .none("There is no task named '\(name)'; 'qkron task list' shows them.")
    }

    private static func several(_ name: String, _ tasks: [RemoteTask]) -> ChoiceError {
        let ids = tasks.map { "\($0.id) (\($0.text("owner_username") ?? "?"))" }.joined(separator: ", ")
        return .several("\(tasks.count) tasks are named '\(name)'; say which by its id: \(ids)")
    }

    /// Completes the names of tasks in a shell, where a login or a key is at hand.
    static let completion = CompletionKind.custom { _, _, prefix async in
        guard let server = ClientOptions.silentServer() else { return [] }
        let filter = prefix.isEmpty ? [] : [Query("q", prefix)]
        // Nobody hears of an error while the shell completes a word.
        let tasks = (try? await server.tasks(filter, upTo: 100)) ?? []
        return tasks.map(\.name).filter { $0.hasPrefix(prefix) && isPlain($0) }
    }

    /// Whether a shell takes a name for what it is. Shells evaluate what completes a word, and a name may be a
    /// stranger's: `$(…)` would be run.
    private static func isPlain(_ name: String) -> Bool {
        !name.isEmpty && !name.hasPrefix("-")
            && name.unicodeScalars.allSatisfy { $0.isASCII ? plain.contains($0) : $0.properties.isAlphabetic }
    }

    private static let plain = Set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/@+,-".unicodeScalars)
}
