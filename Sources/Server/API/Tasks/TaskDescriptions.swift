import Domain
import Scheduling

/// What is told of the routes of tasks.
extension RouteDescription {
    static let createTask = RouteDescription(
        "createTask", .tasks, "Make a task", detail: "It is scheduled at once.", body: .json(TaskSchema.creation),
        answers: .json(TaskSchema.task))
    static let listTasks = RouteDescription(
        "listTasks", .tasks, "List tasks", detail: "Newest first: those that the caller may read.",
        query: [
            .several("status", .choice(of: TaskStatus.self)), .several("task_type", .choice(of: TaskKind.self)),
            .several("tag", .text, "All must be there."), .one("is_active", .bool),
            .one("schedule_type", .choice(of: ScheduleKind.self)),
            .one("q", .text(0...255), "Part of the name, in any case."), .one("goal_id", .id),
            .one("owner_id", .id, "For superusers and viewers."),
        ] + .window,
        answers: .list(of: TaskSchema.task, named: "TaskPage"))
    static let showTask = RouteDescription("showTask", .tasks, "Show a task", answers: .json(TaskSchema.task))
    static let changeTask = RouteDescription(
        "changeTask", .tasks, "Change a task", detail: changes, body: .json(TaskSchema.change),
        answers: .json(TaskSchema.task))
    static let patchTask = changeTask.renamed("patchTask")
    static let deleteTask = RouteDescription(
        "deleteTask", .tasks, "Delete a task",
        detail: "Unschedules it, kills a run in progress, and removes its executions.", answers: .nothing)
    static let pauseTask = RouteDescription(
        "pauseTask", .tasks, "Pause a task", detail: "No slot fires until it is resumed. Repeating is harmless.",
        answers: .json(TaskSchema.acted))
    static let resumeTask = RouteDescription(
        "resumeTask", .tasks, "Resume a task", detail: "It goes on from now. Repeating is harmless.",
        answers: .json(TaskSchema.acted))

    private static let changes = "Fields that are left out keep their value; objects and lists are replaced whole."
}
