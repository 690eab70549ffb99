import Domain

/// The shapes of a change of many tasks (docs/api.md).
enum BulkSchema {
    static let request = JSONSchema.request(
        required: ["action"],
        [
            "action": action,
            "tags": .array(of: .text(TaskLimits.tag), count: 1...TaskLimits.mostTags).note("All must be there."),
            "ids": .array(of: .id, count: BulkChoice.idCount),
        ]
    ).named("BulkChange")

    static let answer = JSONSchema.answer(["action": action, "count": .integer(0...10_000)]).named(
        "BulkMessage")

    private static let action = JSONSchema.choice(of: BulkAction.self)
}

/// What is told of the route that changes many tasks.
extension RouteDescription {
    static let changeTasks = RouteDescription(
        "changeTasks", .tasks, "Pause, resume or delete tasks",
        detail: "Those of either `tags` or `ids`: one's own, or a superuser's choice. All or nothing.",
        body: .json(BulkSchema.request), answers: .json(BulkSchema.answer), refuses: [.notFound])
}
