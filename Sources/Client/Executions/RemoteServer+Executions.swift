import Domain

/// An execution, as a server tells of it. Words and times stand as they came: a newer server may know others.
package struct RemoteExecution: Sendable {
    package let id: Identifier<Execution>
    package let taskID: Identifier<TaskDefinition>
    package let status: String
    /// All that was told of it.
    package let json: JSONValue

    /// What was told under this key, as text; nil for null and for what is no text.
    package func text(_ key: TextKey) -> String? { json.member(key)?.textValue }

    /// Whether it will change no more.
    package var hasEnded: Bool {
        status != ExecutionStatus.pending.rawValue && status != ExecutionStatus.running.rawValue
    }
}

extension RemoteServer {
    /// The executions of a task, or of all tasks that the caller may read, newest first; long output is cut.
    ///
    /// - Throws: `ClientError`.
    package func executions(
        of task: Identifier<TaskDefinition>?, _ filter: [Query] = [], upTo limit: Int = .max
    ) async throws(ClientError) -> [RemoteExecution] {
        let path = task.map { "/tasks/\($0)/executions" } ?? "/executions"
        return try await rows(of: path, filter, upTo: limit).map { row throws(ClientError) in try read(row) }
    }

    /// An execution with its output; of any task where none is named.
    ///
    /// - Throws: `ClientError`.
    package func execution(
        _ id: Identifier<Execution>, of task: Identifier<TaskDefinition>? = nil
    ) async throws(ClientError) -> RemoteExecution {
        try read(try await get((task.map { "/tasks/\($0)" } ?? "") + "/executions/\(id)"))
    }

    /// Has an execution end.
    ///
    /// - Returns: what the server says to it.
    /// - Throws: `ClientError`.
    package func cancel(
        _ id: Identifier<Execution>, of task: Identifier<TaskDefinition>
    ) async throws(ClientError) -> RemoteMessage {
        try await message(of: "/tasks/\(task)/executions/\(id)/cancel")
    }

    private func read(_ answer: JSONValue) throws(ClientError) -> RemoteExecution {
        guard let execution = RemoteExecution(json: answer) else {
            throw .strange(address, "its execution cannot be read")
        }
        return execution
    }
}

extension RemoteExecution {
    fileprivate init?(json: JSONValue) {
        guard let id = json.member("id")?.textValue.flatMap(Identifier<Execution>.init),
            let taskID = json.member("task_id")?.textValue.flatMap(Identifier<TaskDefinition>.init),
            let status = json.member("status")?.textValue
        else { return nil }
        self.init(id: id, taskID: taskID, status: status, json: json)
    }
}
