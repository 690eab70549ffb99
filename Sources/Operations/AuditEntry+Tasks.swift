import Domain
import Scheduling

/// What the audit log tells of tasks and their runs.
extension AuditEntry {
    /// A new task.
    static func creation(of task: TaskDefinition) -> AuditEntry {
        AuditEntry("task.create", "task", task.id, changes: told([:], task.auditFields))
    }

    /// A change of a task; nil where nothing that a caller decides is another.
    static func change(of before: TaskDefinition, to after: TaskDefinition, _ action: String) -> AuditEntry? {
        var changes = told(before.auditFields, after.auditFields)
        if changes["status"] != nil {
            changes["status"] = Self.change(
                from: .string(before.status.rawValue), to: .string(after.status.rawValue))
        }
        return changes.isEmpty ? nil : AuditEntry(action, "task", after.id, changes: changes)
    }

    /// The end of a task.
    static func deletion(of task: TaskDefinition, _ action: String = "task.delete") -> AuditEntry {
        AuditEntry(action, "task", task.id, changes: told(task.auditFields, [:]))
    }

    /// The wish that a run end.
    static func cancellation(of execution: Identifier<Execution>, being status: ExecutionStatus) -> AuditEntry {
        AuditEntry(
            "execution.cancel", "execution", execution,
            changes: ["status": change(from: .string(status.rawValue), to: "cancelled")])
    }

    /// Field by field, what is another: secrets masked, long values cut.
    private static func told(
        _ before: [TextKey: JSONValue], _ after: [TextKey: JSONValue]
    ) -> [TextKey: JSONValue] {
        // A secret that is another is told as a change, though both read the same.
        before.changes(to: after) { key, value in key == "env" ? value.maskedMembers : value.bounded }
    }
}

extension TaskDefinition {
    /// What a caller decides of the task and is not null, under the names of the API.
    fileprivate var auditFields: [TextKey: JSONValue] {
        var fields: [TextKey: JSONValue] = [
            "name": .string(name), "task_type": .string(action.kind.rawValue),
            "schedule_type": .string(timing.kind.rawValue), "schedule": .string(timing.text),
            "timezone": .string(timing.timezone), "dst_policy": .string(timing.dstPolicy.rawValue),
            "misfire_policy": .string(misfirePolicy.rawValue), "misfire_grace": .integer(misfireGrace),
            "jitter": .integer(jitter), "overlap_policy": .string(overlapPolicy.rawValue),
            "timeout": .integer(timeout), "max_retries": .integer(retryPolicy.maxRetries),
            "retry_delay": .integer(retryPolicy.delay), "retry_backoff": .string(retryPolicy.backoff.rawValue),
            "priority": .integer(priority), "requires": .array(requires.map(JSONValue.string)),
            "tags": .array(tags.map(JSONValue.string)), "is_active": .bool(isActive),
        ]
        fields["dependencies"] = dependencies.map { .array($0.map { .string($0.description) }) }
        fields["description"] = description.map(JSONValue.string)
        fields["callback_url"] = callbackURL.map(JSONValue.string)
        fields["metadata_info"] = metadata
        fields["starts_at"] = timing.startsAt.map(JSONValue.moment)
        fields["ends_at"] = timing.endsAt.map(JSONValue.moment)
        // Every other status is the doing of runs.
        fields["status"] = status == .cancelled ? .string(status.rawValue) : nil
        fields.merge(action.parameters) { field, _ in field }
        if case .object(let environment)? = fields["env"] {
            // A secret reads null whatever it is; sealed, one that is another differs.
            fields["env"] = .object(environment.merging(action.sealed.mapValues(JSONValue.string)) { $1 })
        }
        return fields.filter { $0.value != .null }
    }
}

extension JSONValue {
    /// No longer value stands in the audit log as it is.
    private static let longest = 10_000

    /// An object with its names alone.
    fileprivate var maskedMembers: JSONValue {
        guard case .object(let members) = self else { return self == .null ? .null : .masked }
        return .object(members.mapValues { _ in .masked })
    }

    /// A value that would swell the log is told as the beginning of its text.
    fileprivate var bounded: JSONValue {
        switch self {
        case .null, .bool, .integer, .number, .oversizedNumber: return self
        case .string(let text): return .string(text.shortened(to: Self.longest))
        case .array, .object:
            let text = serialized()
            return text.utf8.count > Self.longest ? .string(text.shortened(to: Self.longest)) : self
        }
    }
}
