import Domain

/// The shapes of what is done to tasks beside changing them (docs/api.md).
enum RunSchema {
    static let webhookToken = JSONSchema.answer([
        "task_id": .id, "webhook_token": .text.note("The secret, which is shown only here."),
    ]).named("WebhookToken")

    static let dependencies = JSONSchema.answer([
        "task_id": .id,
        "dependencies": .array(
            of: JSONSchema.answer([
                "task_id": .id, "name": .text.orNull, "status": .choice(of: TaskStatus.self).orNull,
                "is_active": .bool.orNull, "completed": .bool,
            ]).named("Dependency")),
        "all_satisfied": .bool, "message": .text,
    ]).named("Dependencies")

    static let bulk = JSONSchema.request(
        required: ["action"],
        [
            "action": bulkAction,
            "tags": .array(of: .text(TaskLimits.tag), count: 1...TaskLimits.mostTags).note("All must be there."),
            "ids": .array(of: .id, count: BulkChoice.idCount),
        ]
    ).named("BulkChange")

    static let bulkAnswer = JSONSchema.answer(["action": bulkAction, "count": .integer(0...10_000)]).named(
        "BulkMessage")

    private static let bulkAction = JSONSchema.choice(of: BulkAction.self)
}

/// What is told of the routes that ask for runs, and of those that concern several tasks.
extension RouteDescription {
    static let rerunExecution = RouteDescription(
        "rerunExecution", .executions, "Run an ended execution again", answers: .json(TaskSchema.run),
        refuses: runRefusals + [.invalidTransition])
    static let triggerTask = RouteDescription(
        "triggerTask", .tasks, "Run a task by its webhook",
        detail: "With the task's secret, or as its owner or a superuser. Any body is ignored.",
        query: [.one("token", .text, "The secret; or the header `X-Webhook-Token`.")], answers: .json(TaskSchema.run),
        refuses: runRefusals + [.invalidWebhookToken, .notOwner, .roleRequired, .scopeRequired])
    static let makeWebhookToken = RouteDescription(
        "makeWebhookToken", .tasks, "Make or rotate a task's webhook secret", detail: "The old one ends at once.",
        answers: .json(RunSchema.webhookToken))
    static let showDependencies = RouteDescription(
        "showDependencies", .tasks, "Show what a task waits for", answers: .json(RunSchema.dependencies))
    static let changeTasks = RouteDescription(
        "changeTasks", .tasks, "Pause, resume or delete tasks",
        detail: "Those of either `tags` or `ids`: one's own, or a superuser's choice. All or nothing.",
        body: .json(RunSchema.bulk), answers: .json(RunSchema.bulkAnswer), refuses: [.notFound])
    static let streamOutput = RouteDescription(
        "streamOutput", .executions, "Follow the output of an execution",
        detail: """
            Events `stdout`, `stderr`, `status`, `truncated` and `end`; `Last-Event-ID` resumes after one. After `end` \
            nothing comes: 204.
            """, answers: .events)

    private static let runRefusals: [ErrorCode] = [.dependenciesUnsatisfied, .taskCancelled, .queueFull]
}
