import Domain
import Storage

extension Store {
    /// The task, if `principal` may touch it.
    func task(_ id: Identifier<TaskDefinition>, for principal: User) async throws -> TaskDefinition {
        guard let task = try await task(id) else { throw OperationError.noTask }
        try principal.checkMayTouch(taskOf: task.ownerID)
        return task
    }
}

extension User {
    /// - Throws: `notOwner` unless the owner's tasks are this user's to touch.
    func checkMayTouch(taskOf owner: Identifier<User>) throws {
        guard role == .superuser || owner == id else {
            throw OperationError.refused(.notOwner, "This task belongs to somebody else.")
        }
    }
}

extension OperationError {
    static let noTask = OperationError.refused(.notFound, "There is no task of this id.")
    static let noExecution = OperationError.refused(.notFound, "This task has no execution of this id.")
}
