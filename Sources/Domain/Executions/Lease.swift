import Foundation

/// A server's right to one attempt of an execution, for as long as the server's own lease holds.
package struct Lease: Sendable {
    package let executionID: Identifier<Execution>
    package let taskID: Identifier<TaskDefinition>
    /// Grows with every attempt ever made; a late worker's is too small.
    package let fencingToken: Int
    /// 1 for the first attempt.
    package let attempt: Int
    package let trigger: Trigger
    package let scheduledFor: Date
    /// When the run was to start: the slot, or later by its jitter.
    package let dueAt: Date
    /// When the attempt was granted, by the database's clock.
    package let grantedAt: Date
    /// Whether the run begins with this attempt, which then tells how late it is.
    package let isFirstAttempt: Bool
    package let action: Action
    package let timezone: String
    /// Seconds.
    package let timeout: Int
    package let retryPolicy: RetryPolicy
    /// What the task's owner may do now; nil: the service key owns it.
    package let ownerRole: Role?

    /// A lease of these parts.
    package init(
        executionID: Identifier<Execution>, taskID: Identifier<TaskDefinition>, fencingToken: Int, attempt: Int,
        trigger: Trigger, scheduledFor: Date, dueAt: Date, grantedAt: Date, isFirstAttempt: Bool, action: Action,
        timezone: String, timeout: Int, retryPolicy: RetryPolicy, ownerRole: Role? = nil
    ) {
        self.executionID = executionID
        self.taskID = taskID
        self.fencingToken = fencingToken
        self.attempt = attempt
        self.trigger = trigger
        self.scheduledFor = scheduledFor
        self.dueAt = dueAt
        self.grantedAt = grantedAt
        self.isFirstAttempt = isFirstAttempt
        self.action = action
        self.timezone = timezone
        self.timeout = timeout
        self.retryPolicy = retryPolicy
        self.ownerRole = ownerRole
    }
}
