import Domain
import Scheduling

extension TaskDefinition: JSONWritable {
    /// Writes the task as it is answered.
    package func write(to json: inout JSONWriter) {
        json.object { json in
            writeIdentity(to: &json)
            writeAction(to: &json)
            writeTiming(to: &json)
            writeRules(to: &json)
            writeStanding(to: &json)
            writeUnused(to: &json)
        }
    }

    private func writeIdentity(to json: inout JSONWriter) {
        json.member("id", id)
        json.member("name", name)
        json.member("description", description)
        json.member("tags", tags)
        json.member("metadata_info", metadata)
        json.member("owner_id", ownerID)
        json.member("owner_username", ownerUsername)
        json.member("created_at", createdAt)
        json.member("updated_at", updatedAt)
    }

    private func writeAction(to json: inout JSONWriter) {
        json.member("task_type", action.kind.rawValue)
        json.member("command", action.parameters["command"])
        json.member("env", action.parameters["env"])
        // Tasks of the version before have neither this one nor `limits`.
        json.member("secret_env", action.parameters["secret_env"] ?? [])
        json.member("limits", action.parameters["limits"] ?? [:])
        json.member("working_directory", action.parameters["working_directory"])
        json.member("max_output_bytes", action.parameters["max_output_bytes"])
    }

    private func writeTiming(to json: inout JSONWriter) {
        json.member("schedule_type", timing.kind.rawValue)
        json.member("schedule", timing.text)
        json.member("scheduled_time", timing.onceAt)
        json.member("timezone", timing.timezone)
        json.member("dst_policy", timing.dstPolicy.rawValue)
        json.member("starts_at", timing.startsAt)
        json.member("ends_at", timing.endsAt)
        json.member("jitter", jitter)
    }

    /// What decides when and how its slots run, and who is told of it.
    private func writeRules(to json: inout JSONWriter) {
        json.member("misfire_policy", misfirePolicy.rawValue)
        json.member("misfire_grace", misfireGrace)
        json.member("overlap_policy", overlapPolicy.rawValue)
        json.member("timeout", timeout)
        json.member("max_retries", retryPolicy.maxRetries)
        json.member("retry_delay", retryPolicy.delay)
        json.member("retry_backoff", retryPolicy.backoff.rawValue)
        json.member("priority", priority)
        json.member("requires", requires)
        if let dependencies {
            json.member("dependencies", dependencies.map(\.description))
        } else {
            json.nothing("dependencies")
        }
        json.member("callback_url", callbackURL)
    }

    private func writeStanding(to json: inout JSONWriter) {
        json.member("is_active", isActive)
        json.member("status", status.rawValue)
        json.member("next_run", nextRun)
        json.member("last_run", lastRun)
        json.member("retry_count", retryCount)
    }

    /// What tasks of other types will have.
    private func writeUnused(to json: inout JSONWriter) {
        json.nothing("account_id")
        json.nothing("due_date")
        json.nothing("goal_id")
        json.nothing("payload")
        json.nothing("state")
    }
}
