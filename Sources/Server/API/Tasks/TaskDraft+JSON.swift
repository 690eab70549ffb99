import Domain
import Scheduling

/// The words that `task_type` knows.
enum TaskKind: String, Sendable, CaseIterable {
    case command, email, sms, webhook, reminder, goal
}

extension TaskDraft {
    /// What the body of a creation asks for; faults are kept in the draft, to be told with those found later.
    package init(creating members: [TextKey: JSONValue]) {
        self.init()
        var reader = BodyReader(members)
        read(&reader)
        faults = reader.faults
    }

    /// What the body of a change asks for.
    init(changing members: [TextKey: JSONValue]) {
        self.init()
        var reader = BodyReader(members)
        read(&reader)
        readStatus(&reader)
        faults = reader.faults
    }

    private mutating func read(_ reader: inout BodyReader) {
        name = reader.string("name", length: TaskLimits.name)
        description = reader.orNull("description") { $0.string("description", length: TaskLimits.description) }
        readAction(&reader)
        readTiming(&reader)
        misfirePolicy = reader.choice("misfire_policy", of: MisfirePolicy.self)
        jitter = reader.integer("jitter", in: TaskLimits.jitter)
        misfireGrace = reader.integer("misfire_grace", in: TaskLimits.misfireGrace)
        overlapPolicy = reader.choice("overlap_policy", of: OverlapPolicy.self)
        timeout = reader.integer("timeout", in: TaskLimits.timeout)
        maxRetries = reader.integer("max_retries", in: TaskLimits.maxRetries)
        retryDelay = reader.integer("retry_delay", in: TaskLimits.retryDelay)
        retryBackoff = reader.choice("retry_backoff", of: Backoff.self)
        priority = reader.integer("priority", in: TaskLimits.priority)
        requires = reader.strings("requires", count: TaskLimits.mostRequired, length: Node.labelLength)
        tags = reader.strings("tags", count: TaskLimits.mostTags, length: TaskLimits.tag)
        metadata = reader.orNull("metadata_info") { $0.object("metadata_info") }
        dependencies = reader.orNull("dependencies") { $0.identifiers("dependencies", count: 0...Dependency.limit) }
        callbackURL = reader.orNull("callback_url") { $0.url("callback_url") }
        isActive = reader.bool("is_active")
    }

    private mutating func readAction(_ reader: inout BodyReader) {
        switch reader.choice("task_type", of: TaskKind.self) {
        case .nothing: break
        case .value(.command): kind = .value(.command)
        case .value(let other):
            reader.fail(
                "task_type", "this version makes no tasks of type '\(other.rawValue)', only 'command'", type: "enum")
        }
        for key in ["command", "env", "secret_env", "limits", "working_directory", "max_output_bytes"] as [TextKey] {
            guard let value = reader[key] else { continue }
            if value == .null, key != "working_directory" {
                reader.fail(key, "must not be null", type: "null_not_allowed")
            } else {
                parameters[key] = value
            }
        }
    }

    private mutating func readTiming(_ reader: inout BodyReader) {
        scheduleKind = reader.choice("schedule_type", of: ScheduleKind.self)
        schedule = reader.string("schedule", length: TaskLimits.schedule)
        timezone = reader.string("timezone", length: TaskLimits.timezone)
        dstPolicy = reader.choice("dst_policy", of: DSTPolicy.self)
        startsAt = reader.orNull("starts_at") { $0.time("starts_at") }
        endsAt = reader.orNull("ends_at") { $0.time("ends_at") }
    }

    private mutating func readStatus(_ reader: inout BodyReader) {
        guard let status = reader["status"] else { return }
        guard status == .string(TaskStatus.cancelled.rawValue) else {
            reader.fail("status", "can only be set to 'cancelled'", type: "enum")
            return
        }
        guard !isActive.or(false) else {
            reader.fail("is_active", "a cancelled task cannot be active; send one of the two")
            return
        }
        cancels = true
    }
}
