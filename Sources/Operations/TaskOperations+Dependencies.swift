import Domain
import Storage

extension TaskOperations {
    /// How the tasks stand that a task depends on, as far as the caller may know.
    ///
    /// - Throws: `notFound`, `notOwner`.
    package func dependencies(
        of id: Identifier<TaskDefinition>, as caller: Caller
    ) async throws -> [KnownDependency] {
        let task = try await database.store.task(id, readableBy: caller)
        return try await database.store.dependencies(task.dependencies ?? []).map { dependency in
            let isReadable = dependency.standing.map { caller.mayRead(taskOf: $0.ownerID) } ?? false
            return KnownDependency(dependency: dependency, name: isReadable ? dependency.standing?.name : nil)
        }
    }
}

/// A dependency as somebody may see it.
package struct KnownDependency: Sendable {
    /// How it stands.
    package let dependency: Dependency
    /// What it is called; nil for a stranger's task, and one that is gone.
    package let name: String?
}
