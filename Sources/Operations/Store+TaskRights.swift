import Domain
import Storage

extension Store {
    /// The task, if the caller may read it.
    func task(_ id: Identifier<TaskDefinition>, readableBy caller: Caller) async throws -> TaskDefinition {
        guard let task = try await task(id) else { throw OperationError.noTask }
        try caller.checkMayRead(taskOf: task.ownerID)
        return task
    }

    /// The task, locked against every other change, if the caller may change it.
    func lockedTask(_ id: Identifier<TaskDefinition>, changeableBy caller: Caller) async throws -> TaskDefinition {
        guard try await lockTask(id), let task = try await task(id) else { throw OperationError.noTask }
        try caller.checkMayChange(taskOf: task.ownerID)
        return task
    }
}

extension OperationError {
    static let noTask = OperationError.refused(.notFound, "There is no task of this id.")
    static let noExecution = OperationError.refused(.notFound, "This task has no execution of this id.")
}
