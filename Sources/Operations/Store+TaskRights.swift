import Domain
import Storage

extension Store {
    /// The task, if `principal` may touch it.
    func task(_ id: Identifier<TaskDefinition>, for principal: User) async throws -> TaskDefinition {
        guard let task = try await task(id) else { throw OperationError.noTask }
        guard principal.role == .superuser || task.ownerID == principal.id else {
            throw OperationError.refused(.notOwner, "This task belongs to somebody else.")
        }
        return task
    }
}

extension OperationError {
    static let noTask = OperationError.refused(.notFound, "There is no task of this id.")
    static let noExecution = OperationError.refused(.notFound, "This task has no execution of this id.")
}
