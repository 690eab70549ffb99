import Domain
import Scheduling

extension TaskDefinition: JSONWritable {
    /// Writes the task as it is answered.
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.nothing("account_id")
            json.nothing("callback_url")
            json.member("command", action.parameters["command"])
            json.member("created_at", createdAt)
            if let dependencies {
                json.member("dependencies", dependencies.map(\.description))
            } else {
                json.nothing("dependencies")
            }
            json.member("description", description)
            json.member("dst_policy", timing.dstPolicy.rawValue)
            json.nothing("due_date")
            json.member("ends_at", timing.endsAt)
            json.member("env", action.parameters["env"])
            json.nothing("goal_id")
            json.member("id", id)
            json.member("is_active", isActive)
            json.member("jitter", jitter)
            json.member("last_run", lastRun)
            // Tasks of the version before have neither this one nor `secret_env`.
            json.member("limits", action.parameters["limits"] ?? [:])
            json.member("max_output_bytes", action.parameters["max_output_bytes"])
            json.member("max_retries", retryPolicy.maxRetries)
            json.member("metadata_info", metadata)
            json.member("misfire_grace", misfireGrace)
            json.member("misfire_policy", misfirePolicy.rawValue)
            json.member("name", name)
            json.member("next_run", nextRun)
            json.member("overlap_policy", overlapPolicy.rawValue)
            json.member("owner_id", ownerID)
            json.member("owner_username", ownerUsername)
            json.nothing("payload")
            json.member("priority", priority)
            json.member("requires", requires)
            json.member("retry_backoff", retryPolicy.backoff.rawValue)
            json.member("retry_count", retryCount)
            json.member("retry_delay", retryPolicy.delay)
            json.member("schedule", timing.text)
            json.member("schedule_type", timing.kind.rawValue)
            json.member("scheduled_time", timing.onceAt)
            json.member("secret_env", action.parameters["secret_env"] ?? [])
            json.member("starts_at", timing.startsAt)
            json.nothing("state")
            json.member("status", status.rawValue)
            json.member("tags", tags)
            json.member("task_type", action.kind.rawValue)
            json.member("timeout", timeout)
            json.member("timezone", timing.timezone)
            json.member("updated_at", updatedAt)
            json.member("working_directory", action.parameters["working_directory"])
        }
    }
}
