import Domain

/// A task, as a server tells of it. Words and times stand as they came: a newer server may know others.
package struct RemoteTask: Sendable {
    package let id: Identifier<TaskDefinition>
    package let name: String
    /// All that was told of it.
    package let json: JSONValue

    /// What was told under this key, as text; nil for null and for what is no text.
    package func text(_ key: TextKey) -> String? { json.member(key)?.textValue }

    /// The texts of the list under this key.
    package func texts(_ key: TextKey) -> [String] { (json.member(key)?.elements ?? []).compactMap(\.textValue) }
}

extension RemoteServer {
    /// Rows that one request asks for.
    static let page = 1_000

    /// The tasks that the caller may read and `filter` lets through, newest first.
    ///
    /// - Throws: `ClientError`.
    package func tasks(_ filter: [Query] = [], upTo limit: Int = .max) async throws(ClientError) -> [RemoteTask] {
        try await rows(of: "/tasks", filter, upTo: limit).map { row throws(ClientError) in
            guard let task = RemoteTask(json: row) else { throw .strange(address, "its list of tasks cannot be read") }
            return task
        }
    }

    /// The task of this id.
    ///
    /// - Throws: `ClientError`.
    package func task(_ id: Identifier<TaskDefinition>) async throws(ClientError) -> RemoteTask {
        try read(try await get("/tasks/\(id)"))
    }

    /// Makes a task of these fields.
    ///
    /// - Throws: `ClientError`.
    package func makeTask(_ fields: JSONValue) async throws(ClientError) -> RemoteTask {
        try read(try await post("/tasks", fields))
    }

    /// Gives a task new values for these fields.
    ///
    /// - Throws: `ClientError`.
    package func change(
        _ id: Identifier<TaskDefinition>, _ fields: JSONValue
    ) async throws(ClientError) -> RemoteTask {
        try read(try await put("/tasks/\(id)", fields))
    }

    /// Deletes a task, with its executions.
    ///
    /// - Throws: `ClientError`.
    package func deleteTask(_ id: Identifier<TaskDefinition>) async throws(ClientError) {
        try await delete("/tasks/\(id)")
    }

    /// Stops a task from firing.
    ///
    /// - Returns: what the server says to it.
    /// - Throws: `ClientError`.
    package func pause(_ id: Identifier<TaskDefinition>) async throws(ClientError) -> RemoteMessage {
        try await message(of: "/tasks/\(id)/pause")
    }

    /// Has a paused task fire again.
    ///
    /// - Returns: what the server says to it.
    /// - Throws: `ClientError`.
    package func resume(_ id: Identifier<TaskDefinition>) async throws(ClientError) -> RemoteMessage {
        try await message(of: "/tasks/\(id)/resume")
    }

    /// Has a task run now.
    ///
    /// - Returns: the id of the execution.
    /// - Throws: `ClientError`.
    package func execute(_ id: Identifier<TaskDefinition>) async throws(ClientError) -> Identifier<Execution> {
        try await execution(startedBy: "/tasks/\(id)/execute")
    }

    /// Has the run of an ended execution made again.
    ///
    /// - Returns: the id of the new execution.
    /// - Throws: `ClientError`.
    package func rerun(
        _ id: Identifier<Execution>, of task: Identifier<TaskDefinition>
    ) async throws(ClientError) -> Identifier<Execution> {
        try await execution(startedBy: "/tasks/\(task)/executions/\(id)/rerun")
    }

    private func execution(startedBy path: String) async throws(ClientError) -> Identifier<Execution> {
        let answer = try await post(path)
        guard let text = answer.member("execution_id")?.textValue, let execution = Identifier<Execution>(text) else {
            throw .strange(address, "its answer names no execution")
        }
        return execution
    }

    /// The rows of a list, page by page; one that moved to the next page meanwhile counts once.
    func rows(
        of path: String, _ filter: [Query], after skipped: Int = 0, upTo limit: Int
    ) async throws(ClientError) -> [JSONValue] {
        var rows: [JSONValue] = []
        var known: Set<String> = []
        var skip = skipped
        while rows.count < limit {
            let count = min(limit - rows.count, Self.page)
            let window = [Query("skip", "\(skip)"), Query("limit", "\(count)")]
            guard let page = try await get(path, filter + window).elements else {
                throw .strange(address, "its list is no list")
            }
            rows += page.filter { known.insert($0.member("id")?.textValue ?? "").inserted }
            guard page.count == count else { break }
            skip += count
        }
        return rows
    }

    private func read(_ answer: JSONValue) throws(ClientError) -> RemoteTask {
        guard let task = RemoteTask(json: answer) else { throw .strange(address, "its task cannot be read") }
        return task
    }
}

extension RemoteTask {
    fileprivate init?(json: JSONValue) {
        guard let id = json.member("id")?.textValue.flatMap(Identifier<TaskDefinition>.init),
            let name = json.member("name")?.textValue
        else { return nil }
        self.init(id: id, name: name, json: json)
    }
}
