import Domain
import HTTPTypes
import Operations

/// The route that tells what became of a task's slots.
struct SlotRoutes {
    let slots: SlotOperations

    var routes: [Route] {
        [Route(.get, "/tasks/{task_id}/slots", .listSlots, access: .reader, scope: .readTasks, json: list)]
    }

    @Sendable private func list(_ call: Call) async throws -> ListAnswer<SlotRecord> {
        let (task, (since, until, verdicts, window)) = try await readBoth({ try call.taskID }) {
            try call.query { reader in
                (
                    reader.time("since"), reader.time("until"), reader.choices("verdict", of: SlotVerdict.self),
                    reader.window()
                )
            }
        }
        var question = SlotQuestion(task: task)
        question.since = since
        question.until = until
        question.verdicts = verdicts
        return ListAnswer(try await slots.list(question, window, as: call.caller), window)
    }
}

extension SlotRecord: JSONWritable {
    /// Writes the slot as it is answered.
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("execution_id", executionID)
            json.member("reason", reason?.rawValue)
            json.member("scheduled_for", scheduledFor)
            json.member("status", status?.rawValue)
            json.member("verdict", verdict.rawValue)
        }
    }
}
