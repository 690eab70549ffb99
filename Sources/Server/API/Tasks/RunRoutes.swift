import Domain
import HTTPTypes
import Operations

/// The routes that ask for runs of tasks.
struct RunRoutes {
    let tasks: TaskOperations

    var routes: [Route] {
        [
            Route(.post, "/tasks/{task_id}/execute", .executeTask, access: .owner, scope: .executeTasks, json: execute),
            Route(
                .post, "/tasks/{task_id}/executions/{execution_id}/rerun", .rerunExecution, access: .owner,
                scope: .executeTasks,
                json: rerun),
            // Whoever knows the task's secret need not be anybody.
            Route(
                .post, "/tasks/webhook/trigger/{task_id}", .triggerTask, access: .anonymous, scope: .executeTasks,
                json: trigger),
            Route(
                .post, "/tasks/{task_id}/webhook-token", .makeWebhookToken, access: .owner, scope: .writeTasks,
                answering: makeWebhookToken),
        ]
    }

    @Sendable private func execute(_ call: Call) async throws -> JSONValue {
        let task = try call.taskID
        return Self.answer(try await tasks.execute(task, as: call.caller), of: task)
    }

    @Sendable private func rerun(_ call: Call) async throws -> JSONValue {
        let (task, execution) = try await readBoth({ try call.taskID }, { try call.executionID })
        return Self.answer(try await tasks.rerun(execution, of: task, as: call.caller), of: task)
    }

    @Sendable private func trigger(_ call: Call) async throws -> JSONValue {
        let task = try call.taskID
        let secrets = try call.query { reader in [reader.text("token"), call.fields.webhookToken].compactMap(\.self) }
        return Self.answer(try await tasks.trigger(task, knowing: secrets, as: call.caller), of: task)
    }

    @Sendable private func makeWebhookToken(_ call: Call) async throws -> Answer {
        let task = try call.taskID
        let secret = try await tasks.makeWebhookSecret(for: task, as: call.caller)
        let made: JSONValue = ["task_id": .string(task.description), "webhook_token": .string(secret)]
        return .json(made, status: .ok, headers: [.cacheControl: "no-store"])
    }

    private static func answer(
        _ execution: Identifier<Execution>, of task: Identifier<TaskDefinition>
    ) -> JSONValue {
        [
            "message": "The task will run as soon as it may.", "execution_id": .string(execution.description),
            "task_id": .string(task.description),
        ]
    }
}
