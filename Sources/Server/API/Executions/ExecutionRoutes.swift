import Domain
import HTTPTypes
import Operations

/// The routes of a task's executions.
struct ExecutionRoutes {
    let executions: ExecutionOperations

    var routes: [Route] {
        [
            Route(.get, "/tasks/{task_id}/executions", access: .reader, json: list),
            Route(.get, "/tasks/{task_id}/executions/{execution_id}", access: .reader, json: find),
            Route(
                .post, "/tasks/{task_id}/executions/{execution_id}/cancel", access: .owner, status: .accepted,
                json: cancel),
        ]
    }

    @Sendable private func list(_ call: Call) async throws -> JSONValue {
        let task = try call.taskID
        let (filter, window) = try call.query { reader in
            (ExecutionFilter(&reader, task: task), reader.window())
        }
        return try await executions.list(filter, window, as: call.user).json(window, \.json)
    }

    @Sendable private func find(_ call: Call) async throws -> JSONValue {
        try await executions.find(try call.executionID, of: try call.taskID, as: call.user).json
    }

    @Sendable private func cancel(_ call: Call) async throws -> JSONValue {
        let task = try call.taskID
        let execution = try call.executionID
        try await executions.cancel(execution, of: task, as: call.user)
        return [
            "message": "The execution is being cancelled.", "execution_id": .string(execution.description),
            "task_id": .string(task.description),
        ]
    }
}

extension Call {
    fileprivate var executionID: Identifier<Execution> {
        get throws { try identifier("execution_id") }
    }
}

extension ExecutionFilter {
    fileprivate init(_ query: inout QueryReader, task: Identifier<TaskDefinition>) {
        self.init(task: task)
        statuses = query.choices("status", of: ExecutionStatus.self)
        triggers = query.choices("trigger", of: Trigger.self)
        since = query.time("since")
        until = query.time("until")
    }
}
