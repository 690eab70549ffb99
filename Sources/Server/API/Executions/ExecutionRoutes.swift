import Domain
import HTTPTypes
import Operations

/// The routes of executions.
struct ExecutionRoutes {
    let executions: ExecutionOperations

    var routes: [Route] {
        [
            Route(
                .get, "/tasks/{task_id}/executions", .listTaskExecutions, access: .reader, scope: .readTasks, json: list
            ),
            Route(
                .get, "/tasks/{task_id}/executions/{execution_id}", .showTaskExecution, access: .reader,
                scope: .readTasks, json: find),
            Route(
                .post, "/tasks/{task_id}/executions/{execution_id}/cancel", .cancelExecution, access: .owner,
                scope: .executeTasks,
                status: .accepted, json: cancel),
            Route(.get, "/executions", .listExecutions, access: .anyOrService, scope: .readTasks, json: listAll),
            Route(
                .get, "/executions/{execution_id}", .showExecution, access: .reader, scope: .readTasks, json: findAny),
        ]
    }

    @Sendable private func list(_ call: Call) async throws -> ListAnswer<Execution> {
        let (task, (filter, window)) = try await readBoth({ try call.taskID }) {
            try call.query { reader in (ExecutionFilter(&reader), reader.window()) }
        }
        return ListAnswer(try await executions.list(of: task, filter, window, as: call.caller), window)
    }

    @Sendable private func listAll(_ call: Call) async throws -> ListAnswer<Execution> {
        let (filter, window) = try call.query { reader in
            var filter = ExecutionFilter(&reader)
            filter.task = reader.identifier("task_id", of: TaskDefinition.self)
            return (filter, reader.window())
        }
        return ListAnswer(try await executions.list(filter, window, as: call.caller), window)
    }

    @Sendable private func findAny(_ call: Call) async throws -> Execution {
        try await executions.find(try call.executionID, as: call.caller)
    }

    @Sendable private func find(_ call: Call) async throws -> Execution {
        let (task, execution) = try await readBoth({ try call.taskID }, { try call.executionID })
        return try await executions.find(execution, of: task, as: call.caller)
    }

    @Sendable private func cancel(_ call: Call) async throws -> JSONValue {
        let (task, execution) = try await readBoth({ try call.taskID }, { try call.executionID })
        try await executions.cancel(execution, of: task, as: call.caller)
        return [
            "message": "The execution is being cancelled.", "execution_id": .string(execution.description),
            "task_id": .string(task.description),
        ]
    }
}

extension Call {
    /// The execution that the path names.
    var executionID: Identifier<Execution> {
        get throws { try identifier("execution_id") }
    }
}

extension ExecutionFilter {
    /// Reads what the query asks for, but for the task.
    fileprivate init(_ query: inout QueryReader) {
        self.init()
        statuses = query.choices("status", of: ExecutionStatus.self)
        triggers = query.choices("trigger", of: Trigger.self)
        since = query.time("since")
        until = query.time("until")
    }
}
