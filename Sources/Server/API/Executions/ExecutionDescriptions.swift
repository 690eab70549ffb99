import Domain

/// What is told of the routes of executions.
extension RouteDescription {
    static let listTaskExecutions = RouteDescription(
        "listTaskExecutions", .executions, "List the executions of a task",
        detail: "Newest first; output is cut to 16 KiB for each stream.", query: executionFilters + .window,
        answers: .list(of: ExecutionSchema.execution, named: "ExecutionPage"))
    static let showTaskExecution = RouteDescription(
        "showTaskExecution", .executions, "Show an execution of a task", answers: .json(ExecutionSchema.execution))
    static let listExecutions = RouteDescription(
        "listExecutions", .executions, "List executions",
        detail: "Newest first, of all tasks that the caller may read; output is cut to 16 KiB for each stream.",
        query: executionFilters + [.one("task_id", .id)] + .window,
        answers: .list(of: ExecutionSchema.execution, named: "ExecutionPage"))
    static let showExecution = RouteDescription(
        "showExecution", .executions, "Show an execution", answers: .json(ExecutionSchema.execution))
    static let cancelExecution = RouteDescription(
        "cancelExecution", .executions, "Cancel an execution",
        detail: "One that waits is cancelled at once, one that runs when its processes are dead.",
        answers: .json(ExecutionSchema.acted), refuses: [.executionEnded])

    private static let executionFilters: [QueryParameter] = [
        .several("status", .choice(of: ExecutionStatus.self)), .several("trigger", .choice(of: Trigger.self)),
        .one("since", .time, "On `scheduled_for`, inclusive; without an offset UTC."),
        .one("until", .time, "On `scheduled_for`, exclusive; without an offset UTC."),
    ]
}
