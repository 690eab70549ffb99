import Domain
import Foundation
import Scheduling

extension Execution {
    /// The execution as it is answered, aliases included.
    var json: JSONValue {
        .object(plainMembers.merging(outcomeMembers) { $1 }.merging(timeMembers) { $1 })
    }

    private var plainMembers: [TextKey: JSONValue] {
        [
            "id": .string(id.description), "task_id": .string(taskID.description), "task_name": .string(taskName),
            "trigger": .string(trigger.rawValue), "status": .string(status.rawValue),
            "reason": .orNull(reason?.rawValue), "attempt_number": .integer(attemptNumber),
            "retries": .integer(max(attemptNumber - 1, 0)), "earlier_attempts": earlierAttempts,
            "retry_of": .orNull(retryOf?.description), "callback": nil, "node": .orNull(node),
            "fencing_token": .orNull(fencingToken),
        ]
    }

    private var outcomeMembers: [TextKey: JSONValue] {
        [
            "result": result ?? .null, "error": .orNull(error), "error_message": .orNull(error),
            "return_code": .orNull(returnCode), "stdout": .string(stdout.text), "output": .string(stdout.text),
            "stderr": .string(stderr.text), "stdout_truncated": .bool(stdout.isTruncated),
            "stderr_truncated": .bool(stderr.isTruncated),
        ]
    }

    private var timeMembers: [TextKey: JSONValue] {
        [
            "scheduled_for": .time(scheduledFor), "start_time": .time(startedAt), "started_at": .time(startedAt),
            "end_time": .time(endedAt), "completed_at": .time(endedAt), "duration": duration,
            "created_at": .time(createdAt),
        ]
    }

    /// Seconds from start to end; null before the end, and without a start.
    private var duration: JSONValue {
        guard let startedAt, let endedAt else { return .null }
        // To the microsecond, as both times are told.
        return .number((endedAt.timeIntervalSince(startedAt) * 1_000_000).rounded() / 1_000_000)
    }
}
