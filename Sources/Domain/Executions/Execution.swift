import Foundation

/// One run of a task, from pending to its end, as it is recorded.
package struct Execution: Sendable {
    package let id: Identifier<Execution>
    package let taskID: Identifier<TaskDefinition>
    package let taskName: String
    /// The slot; for a run asked for by hand the moment it was asked for.
    package let scheduledFor: Date
    package let trigger: Trigger
    package let status: ExecutionStatus
    package let reason: Reason?
    /// The first attempt's start.
    package let startedAt: Date?
    /// The end of the run; for one that never started the moment of the decision.
    package let endedAt: Date?
    /// What the action gave back, where its kind gives something back.
    package let result: JSONValue?
    package let error: String?
    /// Attempts started, counting on from the lost run under trigger `retry`.
    package let attemptNumber: Int
    /// Every attempt before the latest, oldest first, in the shape that the API answers.
    package let earlierAttempts: JSONValue
    /// The execution that this one repeats.
    package let retryOf: Identifier<Execution>?
    package let returnCode: Int?
    package let stdout: OutputText
    package let stderr: OutputText
    /// The name of the server that ran it.
    package let node: String?
    /// The fencing token of the latest attempt.
    package let fencingToken: Int?
    package let createdAt: Date
    /// What became of the message about its end; nil where none is owed.
    package let callback: Delivery?

    /// An execution, all of it.
    package init(
        id: Identifier<Execution>, taskID: Identifier<TaskDefinition>, taskName: String, scheduledFor: Date,
        trigger: Trigger, status: ExecutionStatus, reason: Reason?, startedAt: Date?, endedAt: Date?,
        result: JSONValue?, error: String?, attemptNumber: Int, earlierAttempts: JSONValue,
        retryOf: Identifier<Execution>?, returnCode: Int?, stdout: OutputText, stderr: OutputText, node: String?,
        fencingToken: Int?, createdAt: Date, callback: Delivery?
    ) {
        self.id = id
        self.taskID = taskID
        self.taskName = taskName
        self.scheduledFor = scheduledFor
        self.trigger = trigger
        self.status = status
        self.reason = reason
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.result = result
        self.error = error
        self.attemptNumber = attemptNumber
        self.earlierAttempts = earlierAttempts
        self.retryOf = retryOf
        self.returnCode = returnCode
        self.stdout = stdout
        self.stderr = stderr
        self.node = node
        self.fencingToken = fencingToken
        self.createdAt = createdAt
        self.callback = callback
    }
}
