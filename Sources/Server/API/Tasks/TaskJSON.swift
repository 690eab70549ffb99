import Domain
import Foundation
import Scheduling

extension TaskDefinition {
    /// The task as it is answered.
    var json: JSONValue {
        .object(
            actionMembers.merging(timingMembers) { $1 }.merging(plainMembers) { $1 }.merging(Self.laterMembers) { $1 })
    }

    private var plainMembers: [TextKey: JSONValue] {
        [
            "id": .string(id.description), "owner_id": .string(ownerID.description),
            "owner_username": .string(ownerUsername), "created_at": .time(createdAt), "updated_at": .time(updatedAt),
            "name": .string(name), "description": .orNull(description), "timeout": .integer(timeout),
            "max_retries": .integer(retryPolicy.maxRetries), "retry_delay": .integer(retryPolicy.delay),
            "retry_backoff": .string(retryPolicy.backoff.rawValue), "priority": .integer(priority),
            "requires": .texts(requires), "tags": .texts(tags), "metadata_info": metadata ?? .null,
            "is_active": .bool(isActive), "status": .string(status.rawValue), "retry_count": .integer(retryCount),
            "next_run": .time(nextRun), "last_run": .time(lastRun),
        ]
    }

    private var actionMembers: [TextKey: JSONValue] {
        let shown: [TextKey] = ["command", "env", "working_directory", "max_output_bytes"]
        var members = Dictionary(uniqueKeysWithValues: shown.map { ($0, action.parameters[$0] ?? .null) })
        members["task_type"] = .string(action.kind.rawValue)
        return members
    }

    private var timingMembers: [TextKey: JSONValue] {
        [
            "schedule_type": .string(timing.kind.rawValue), "schedule": .string(timing.text),
            "scheduled_time": .time(timing.onceAt), "timezone": .string(timing.timezone),
            "starts_at": .time(timing.startsAt), "ends_at": .time(timing.endsAt),
            "misfire_policy": .string(misfirePolicy.rawValue), "misfire_grace": .integer(misfireGrace),
            "overlap_policy": .string(overlapPolicy.rawValue),
        ]
    }

    /// What every task has while only the defaults are supported.
    private static let laterMembers: [TextKey: JSONValue] = [
        "payload": nil, "dst_policy": "standard", "jitter": 0, "secret_env": [], "limits": [:], "dependencies": nil,
        "callback_url": nil, "goal_id": nil, "account_id": nil, "due_date": nil, "state": nil,
    ]
}
