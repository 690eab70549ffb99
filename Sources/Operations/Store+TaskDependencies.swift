import Domain
import Storage

extension Store {
    /// What is wrong with the dependencies that a draft names. For a change the task is locked, and what depends on
    /// what stays as it is until the transaction ends.
    func dependencyFaults(
        of draft: TaskDraft, changing task: TaskDefinition? = nil, as caller: Caller
    ) async throws -> [InputFault] {
        guard let named = draft.dependencies.or(nil) else { return [] }
        let present = Set(task?.dependencies ?? [])
        let added = named.enumerated().filter { !present.contains($0.element) }
        guard !added.isEmpty else { return [] }
        if task != nil { try await lockDependencies() }
        let found = try await dependencies(added.map(\.element))
        var faults = zip(added, found).compactMap { entry, dependency in
            Self.fault(of: dependency, at: entry.offset, changing: task, as: caller)
        }
        // Nobody depends yet on a task that is being made.
        if let task, faults.isEmpty, try await any(of: added.map(\.element), dependOn: task.id) {
            faults = [InputFault(["dependencies"], "the tasks would wait for each other", type: "dependency_cycle")]
        }
        return faults
    }

    private static func fault(
        of dependency: Dependency, at index: Int, changing task: TaskDefinition?, as caller: Caller
    ) -> InputFault? {
        let place: [InputFault.Step] = ["dependencies", .index(index)]
        guard dependency.id != task?.id else {
            return InputFault(place, "a task cannot depend on itself", type: "dependency_cycle")
        }
        // What belongs to somebody else does not exist for this caller.
        guard let standing = dependency.standing, caller.mayChange(taskOf: standing.ownerID) else {
            return InputFault(place, "is no task of yours", type: "unknown_dependency")
        }
        return nil
    }
}

extension [Identifier<TaskDefinition>] {
    /// The ids in their order, each once.
    var eachOnce: Self {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
