import Domain
import HTTPTypes
import Operations

/// The routes of tasks.
struct TaskRoutes {
    let tasks: TaskOperations

    var routes: [Route] {
        [
            Route(
                .post, "/tasks", .createTask, access: .userOrService, scope: .writeTasks, status: .created, json: create
            ),
            Route(.get, "/tasks", .listTasks, access: .anyOrService, scope: .readTasks, json: list),
            Route(.get, "/tasks/{task_id}", .showTask, access: .reader, scope: .readTasks, json: find),
            Route(.put, "/tasks/{task_id}", .changeTask, access: .owner, scope: .writeTasks, json: update),
            Route(.patch, "/tasks/{task_id}", .patchTask, access: .owner, scope: .writeTasks, json: update),
            Route(.delete, "/tasks/{task_id}", .deleteTask, access: .owner, scope: .writeTasks, answering: delete),
            Route(.post, "/tasks/{task_id}/pause", .pauseTask, access: .owner, scope: .writeTasks, json: pause),
            Route(.post, "/tasks/{task_id}/resume", .resumeTask, access: .owner, scope: .writeTasks, json: resume),
            Route(
                .get, "/tasks/{task_id}/dependencies", .showDependencies, access: .reader, scope: .readTasks,
                json: dependencies),
            Route(.post, "/tasks/bulk", .changeTasks, access: .user, scope: .writeTasks, json: bulk),
        ]
    }

    @Sendable private func create(_ call: Call) async throws -> TaskDefinition {
        let draft = TaskDraft(creating: try await call.body.object())
        return try await tasks.create(draft, as: call.caller)
    }

    @Sendable private func list(_ call: Call) async throws -> ListAnswer<TaskDefinition> {
        let (filter, window) = try call.query { reader in
            (TaskFilter(&reader), reader.window())
        }
        return ListAnswer(try await tasks.list(filter, window, as: call.caller), window)
    }

    @Sendable private func find(_ call: Call) async throws -> TaskDefinition {
        try await tasks.find(try call.taskID, as: call.caller)
    }

    @Sendable private func update(_ call: Call) async throws -> TaskDefinition {
        let (id, change) = try await readBoth({ try call.taskID }) {
            try tasks.check(change: TaskDraft(changing: try await call.body.object()))
        }
        return try await tasks.update(id, with: change, as: call.caller)
    }

    @Sendable private func delete(_ call: Call) async throws -> Answer {
        try await tasks.delete(try call.taskID, as: call.caller)
        return .empty()
    }

    @Sendable private func pause(_ call: Call) async throws -> JSONValue {
        let id = try call.taskID
        try await tasks.pause(id, as: call.caller)
        return ["message": "The task is paused.", "task_id": .string(id.description)]
    }

    @Sendable private func resume(_ call: Call) async throws -> JSONValue {
        let id = try call.taskID
        try await tasks.resume(id, as: call.caller)
        return ["message": "The task goes on from now.", "task_id": .string(id.description)]
    }

    @Sendable private func dependencies(_ call: Call) async throws -> DependenciesAnswer {
        let id = try call.taskID
        return DependenciesAnswer(task: id, dependencies: try await tasks.dependencies(of: id, as: call.caller))
    }

    @Sendable private func bulk(_ call: Call) async throws -> JSONValue {
        let (action, choice) = try BulkChoice.read(try await call.body.object())
        let count = try await tasks.bulk(action, choice, as: call.caller)
        return ["action": .string(action.rawValue), "count": .integer(count)]
    }
}

extension Call {
    /// The task that the path names.
    var taskID: Identifier<TaskDefinition> {
        get throws { try identifier("task_id") }
    }
}

extension TaskFilter {
    fileprivate init(_ query: inout QueryReader) {
        self.init()
        statuses = query.choices("status", of: TaskStatus.self)
        kinds = query.choices("task_type", of: TaskKind.self).map { ActionKind(rawValue: $0.rawValue) }
        tags = query.wholeTexts("tag")
        isActive = query.bool("is_active")
        scheduleKind = query.choice("schedule_type", of: ScheduleKind.self)
        goal = query.identifier("goal_id", of: Goal.self)
        namePart = query.text("q", upTo: 255)
        owner = query.identifier("owner_id", of: User.self).map(OwnerFilter.user)
    }
}
