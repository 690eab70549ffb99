import Domain
import Foundation

extension Execution: JSONWritable {
    /// Writes the execution as it is answered, aliases included.
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("attempt_number", attemptNumber)
            if let callback {
                json.member("callback") { callback.write(to: &$0) }
            } else {
                json.nothing("callback")
            }
            json.member("completed_at", endedAt)
            json.member("created_at", createdAt)
            json.member("duration", duration)
            json.member("earlier_attempts", earlierAttempts)
            json.member("end_time", endedAt)
            json.member("error", error)
            json.member("error_message", error)
            json.member("fencing_token", fencingToken)
            json.member("id", id)
            json.member("node", node)
            json.member("output", stdout.text)
            json.member("reason", reason?.rawValue)
            json.member("result", result)
            json.member("retries", max(attemptNumber - 1, 0))
            json.member("retry_of", retryOf)
            json.member("return_code", returnCode)
            json.member("scheduled_for", scheduledFor)
            json.member("start_time", startedAt)
            json.member("started_at", startedAt)
            json.member("status", status.rawValue)
            json.member("stderr", stderr.text)
            json.member("stderr_truncated", stderr.isTruncated)
            json.member("stdout", stdout.text)
            json.member("stdout_truncated", stdout.isTruncated)
            json.member("task_id", taskID)
            json.member("task_name", taskName)
            json.member("trigger", trigger.rawValue)
        }
    }

    /// Seconds from start to end; null before the end, and without a start.
    private var duration: JSONValue? {
        guard let startedAt, let endedAt else { return nil }
        // To the microsecond, as both times are told.
        return .number((endedAt.timeIntervalSince(startedAt) * 1_000_000).rounded() / 1_000_000)
    }
}

extension Delivery {
    /// Writes the delivery as executions tell of it.
    fileprivate func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("error", error)
            json.member("sent_at", sentAt)
            json.member("status", status.rawValue)
            json.member("tries", tries)
        }
    }
}
