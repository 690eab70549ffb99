import Domain

/// The shape of the pause of all firing (docs/api.md).
enum SchedulerSchema {
    static let pause = JSONSchema.answer([
        "paused": .bool, "paused_at": .time.orNull, "paused_by": .text.orNull.note("A username."),
    ]).named("FiringPause")
}

/// What is told of the routes of the pause of all firing.
extension RouteDescription {
    static let showScheduler = RouteDescription(
        "showScheduler", .servers, "Whether firing is paused", answers: .json(SchedulerSchema.pause))
    static let pauseScheduler = RouteDescription(
        "pauseScheduler", .servers, "Pause firing on all servers",
        detail: "Runs by hand and waiting executions go on. Repeating is harmless.",
        answers: .json(SchedulerSchema.pause))
    static let resumeScheduler = RouteDescription(
        "resumeScheduler", .servers, "Resume firing on all servers", detail: "It goes on from now.",
        answers: .json(SchedulerSchema.pause))
}
