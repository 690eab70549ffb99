import Domain

/// The shape of what a task waits for (docs/api.md).
enum DependencySchema {
    static let dependencies = JSONSchema.answer([
        "task_id": .id,
        "dependencies": .array(
            of: JSONSchema.answer([
                "task_id": .id, "name": .text.orNull, "status": .choice(of: TaskStatus.self).orNull,
                "is_active": .bool.orNull, "completed": .bool,
            ]).named("Dependency")),
        "all_satisfied": .bool, "message": .text,
    ]).named("Dependencies")
}

/// What is told of the route that shows what a task waits for.
extension RouteDescription {
    static let showDependencies = RouteDescription(
        "showDependencies", .tasks, "Show what a task waits for", answers: .json(DependencySchema.dependencies))
}
