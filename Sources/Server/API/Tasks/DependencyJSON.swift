import Domain
import Operations

/// How the tasks stand that a task depends on.
struct DependenciesAnswer: JSONWritable {
    let task: Identifier<TaskDefinition>
    let dependencies: [KnownDependency]

    func write(to json: inout JSONWriter) {
        let missing = dependencies.count { !$0.dependency.isSatisfied }
        json.object { json in
            json.member("all_satisfied", missing == 0)
            json.member("dependencies") { $0.array(dependencies) { $0.write(to: &$1) } }
            json.member("message", message(missing))
            json.member("task_id", task)
        }
    }

    private func message(_ missing: Int) -> String {
        if dependencies.isEmpty { return "The task depends on no other." }
        if missing == 0 { return "All dependencies are satisfied." }
        return "\(missing) of \(dependencies.count) dependencies are not satisfied."
    }
}

extension KnownDependency: JSONWritable {
    package func write(to json: inout JSONWriter) {
        let standing = dependency.standing
        json.object { json in
            json.member("completed", standing?.status == .completed)
            json.member("is_active", standing?.isActive ?? false)
            json.member("name", name)
            json.member("status", standing?.status.rawValue)
            json.member("task_id", dependency.id)
        }
    }
}
