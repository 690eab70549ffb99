import Domain
import HTTPTypes
import Operations

/// The routes of a task's executions.
struct ExecutionRoutes {
    let executions: ExecutionOperations

    var routes: [Route] {
        [
            Route(.get, "/tasks/{task_id}/executions", access: .reader, scope: .readTasks, json: list),
            Route(.get, "/tasks/{task_id}/executions/{execution_id}", access: .reader, scope: .readTasks, json: find),
            Route(
                .post, "/tasks/{task_id}/executions/{execution_id}/cancel", access: .owner, scope: .executeTasks,
                status: .accepted, json: cancel),
        ]
    }

    @Sendable private func list(_ call: Call) async throws -> ListAnswer<Execution> {
        let (task, (filter, window)) = try await readBoth({ try call.taskID }) {
            try call.query { reader in (ExecutionFilter.reading(&reader), reader.window()) }
        }
        return ListAnswer(try await executions.list(filter(task), window, as: call.caller), window)
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
    fileprivate var executionID: Identifier<Execution> {
        get throws { try identifier("execution_id") }
    }
}

extension ExecutionFilter {
    /// Reads the filter of a list whose task the path names.
    fileprivate static func reading(
        _ query: inout QueryReader
    ) -> @Sendable (Identifier<TaskDefinition>) -> ExecutionFilter {
        let statuses = query.choices("status", of: ExecutionStatus.self)
        let triggers = query.choices("trigger", of: Trigger.self)
        let since = query.time("since")
        let until = query.time("until")
        return { task in
            var filter = ExecutionFilter(task: task)
            filter.statuses = statuses
            filter.triggers = triggers
            filter.since = since
            filter.until = until
            return filter
        }
    }
}
