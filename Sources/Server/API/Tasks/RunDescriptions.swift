import Domain

/// The shape of what asks for runs (docs/api.md).
enum RunSchema {
    static let webhookToken = JSONSchema.answer([
        "task_id": .id, "webhook_token": .text.note("The secret, which is shown only here."),
    ]).named("WebhookToken")
}

/// What is told of the routes that ask for runs.
extension RouteDescription {
    static let executeTask = RouteDescription(
        "executeTask", .tasks, "Run a task now", detail: "Answers at once; the run goes on in the background.",
        answers: .json(TaskSchema.run), refuses: runRefusals)
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

    private static let runRefusals: [ErrorCode] = [.dependenciesUnsatisfied, .taskCancelled, .queueFull]
}
