import Domain
import Scheduling

/// The shapes of tasks (docs/api.md).
enum TaskSchema {
    static let task = JSONSchema.answer([
        "id": .id, "owner_id": .id.orNull.note("null: the service key."), "owner_username": .text,
        "created_at": .time, "updated_at": .time.note("The last change by a caller, not by a run."),
        "name": .text, "description": .text.orNull, "task_type": .choice(of: TaskKind.self),
        "command": .text.orNull, "payload": .anyObject.orNull,
        "schedule_type": .choice(of: ScheduleKind.self), "schedule": .text.note("As it was sent."),
        "scheduled_time": .time.orNull.note("The instant of a `once`."), "timezone": .text,
        "dst_policy": .choice(of: DSTPolicy.self), "starts_at": .time.orNull, "ends_at": .time.orNull,
        "jitter": .integer(TaskLimits.jitter), "misfire_policy": .choice(of: MisfirePolicy.self),
        "misfire_grace": .integer(TaskLimits.misfireGrace), "overlap_policy": .choice(of: OverlapPolicy.self),
        "timeout": .integer(TaskLimits.timeout), "max_retries": .integer(TaskLimits.maxRetries),
        "retry_delay": .integer(TaskLimits.retryDelay), "retry_backoff": .choice(of: Backoff.self),
        "priority": .integer(TaskLimits.priority),
        "env": environment(.text.orNull).note("null: a secret, or not for the caller's eyes."),
        "secret_env": .array(of: .text), "working_directory": .text.orNull, "limits": limits,
        "requires": .array(of: .text), "max_output_bytes": .integer(TaskLimits.outputBytes).orNull,
        "tags": .array(of: .text), "metadata_info": .anyObject.orNull,
        "dependencies": .array(of: .id).orNull, "callback_url": .text.orNull, "is_active": .bool,
        "status": .choice(of: TaskStatus.self),
        "retry_count": .integer(0...Int.max).note("Failed attempts of the latest run."),
        "next_run": .time.orNull.note("The next slot; null when inactive or spent."),
        "last_run": .time.orNull.note("The start of the latest run that started."),
        "goal_id": .id.orNull, "account_id": .id.orNull, "due_date": .text.orNull, "state": .text.orNull,
    ]).named("Task")

    static let creation = JSONSchema.request(required: ["name", "command", "schedule"], fields)
        .adding(["env": environment(.text).byDefault([:])])
        .example(["name": "nightly backup", "command": "echo hello", "schedule": "0 2 * * *"]).named("NewTask")

    static let change = JSONSchema.request(fields).adding([
        "env": environment(.text.orNull).note("Replaced whole; null keeps the stored value of a secret."),
        "status": .choice("cancelled").note("Ends what is scheduled, and every run."),
    ]).example(["schedule": "0 3 * * *"]).named("TaskChange")

    /// What a route that acts on a task answers.
    static let acted = JSONSchema.answer(["message": .text, "task_id": .id]).named("TaskMessage")

    static let run = JSONSchema.answer(["message": .text, "execution_id": .id, "task_id": .id]).named("RunMessage")

    private static let limits = JSONSchema.request([
        "cpu_seconds": .integer(TaskLimits.cpuSeconds), "memory_bytes": .integer(TaskLimits.memoryBytes),
        "open_files": .integer(TaskLimits.openFiles), "processes": .integer(TaskLimits.processes),
        "nice": .integer(TaskLimits.nice),
    ]).closed.note("Of each attempt; one that is left out is not limited.")

    private static let callbackURL = JSONSchema.text(1...OutboundURL.longest, pattern: "^[Hh][Tt][Tt][Pp][Ss]?://")
        .orNull
        .note("Hears of the end of each run. ASCII, without a user.").example("https://example.org/hooks/backup")

    private static let fields: KeyValuePairs<TextKey, JSONSchema> = [
        "name": .text(TaskLimits.name).example("nightly backup"),
        "description": .text(TaskLimits.description).orNull,
        "task_type": .choice("command").byDefault("command"),
        "command": .text(TaskLimits.command).note("Shell text, not only blanks.").example("echo hello"),
        "schedule_type": .choice(of: ScheduleKind.self).byDefault("cron"),
        "schedule": .text(TaskLimits.schedule).note("A cron line, an interval such as `1h30m`, or a time.")
            .example("0 2 * * *"),
        "timezone": .text(TaskLimits.timezone).byDefault("UTC").note("A zone of the tz database.")
            .example("Europe/Berlin"),
        "dst_policy": .choice(of: DSTPolicy.self).byDefault("standard"),
        "starts_at": .time.orNull.note("Without an offset it is read in `timezone`."),
        "ends_at": .time.orNull.note("After `starts_at`. Without an offset it is read in `timezone`."),
        "jitter": .integer(TaskLimits.jitter).byDefault(0).note("Seconds."),
        "misfire_policy": .choice(of: MisfirePolicy.self).byDefault("fire_once"),
        "misfire_grace": .integer(TaskLimits.misfireGrace).byDefault(60).note("Seconds."),
        "overlap_policy": .choice(of: OverlapPolicy.self).byDefault("skip"),
        "timeout": .integer(TaskLimits.timeout).byDefault(300).note("Seconds that one attempt may take."),
        "max_retries": .integer(TaskLimits.maxRetries).byDefault(3),
        "retry_delay": .integer(TaskLimits.retryDelay).note("Seconds. The default is a setting of the server."),
        "retry_backoff": .choice(of: Backoff.self).byDefault("fixed"),
        "priority": .integer(TaskLimits.priority).byDefault(5).note("Bigger is more urgent."),
        "secret_env": .array(of: .text, count: 0...TaskLimits.mostVariables).byDefault([])
            .note("Names that are present in `env`."),
        "working_directory": .text(TaskLimits.workingDirectory, pattern: "^/").orNull, "limits": limits.byDefault([:]),
        "requires": .array(of: .text(Node.labelLength), count: 0...TaskLimits.mostRequired).byDefault([])
            .note("Only servers that carry all of these labels run it."),
        "max_output_bytes": .integer(TaskLimits.outputBytes).byDefault(.integer(TaskLimits.usualOutputBytes))
            .note("Of each stream."),
        "tags": .array(of: .text(TaskLimits.tag), count: 0...TaskLimits.mostTags).byDefault([]).note("A set."),
        "metadata_info": .anyObject.orNull.note("Kept as sent."),
        "dependencies": .array(of: .id, count: 0...Dependency.limit).orNull, "callback_url": callbackURL,
        "is_active": .bool.byDefault(true),
    ]

    private static func environment(_ value: JSONSchema) -> JSONSchema {
        .map(
            of: value, names: .text(TaskLimits.variableName, pattern: "^(?!QKRON_)[A-Za-z_][A-Za-z0-9_]*$"),
            upTo: TaskLimits.mostVariables
        ).note("Variables of the command, 64 KiB in all.")
    }
}
