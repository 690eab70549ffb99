import Domain

/// The shapes of executions (docs/api.md).
enum ExecutionSchema {
    static let execution = JSONSchema.answer([
        "id": .id, "task_id": .id, "task_name": .text,
        "scheduled_for": .time.note("The slot; of a run that was asked for, the moment of asking."),
        "trigger": .choice(of: Trigger.self), "status": status, "reason": reason, "start_time": .time.orNull,
        "started_at": .time.orNull.note("Equal to `start_time`."), "end_time": .time.orNull,
        "completed_at": .time.orNull.note("Equal to `end_time`."),
        "duration": .number.orNull.note("Seconds from start to end."), "result": .anyObject.orNull,
        "error": .text.orNull, "error_message": .text.orNull.note("Equal to `error`."),
        "attempt_number": .integer(0...Int.max), "retries": .integer(0...Int.max),
        "earlier_attempts": .array(of: earlierAttempt), "retry_of": .id.orNull, "return_code": .integer.orNull,
        "stdout": .text, "output": .text.note("Equal to `stdout`."), "stderr": .text, "stdout_truncated": .bool,
        "stderr_truncated": .bool, "callback": callback.orNull,
        "node": .text.orNull.note("The name of the server that ran it."),
        "fencing_token": .integer.orNull, "created_at": .time,
    ]).named("Execution")

    /// What a route answers that acts on an execution.
    static let acted = TaskSchema.run

    private static let status = JSONSchema.choice(of: ExecutionStatus.self)
    private static let reason = JSONSchema.text.orNull.note("Why it stands where it stands; further words may come.")

    private static let callback = JSONSchema.answer([
        "status": .choice(of: Delivery.Status.self), "tries": .integer(0...Int.max).note("Tries that ended."),
        "error": .text.orNull.note("What went wrong at the latest try."), "sent_at": .time.orNull,
    ]).note("The message to `callback_url` about the end of the run; null: none is owed.")

    private static let earlierAttempt = JSONSchema.answer([
        "attempt_number": .integer(1...Int.max), "status": status, "reason": reason, "return_code": .integer.orNull,
        "error": .text.orNull, "start_time": .time.orNull, "end_time": .time.orNull,
    ]).named("EarlierAttempt")
}
