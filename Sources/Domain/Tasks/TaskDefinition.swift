import Foundation
import Scheduling

/// What to do and when: a task as it is stored.
package struct TaskDefinition: Sendable, Equatable {
    package let id: Identifier<TaskDefinition>
    /// The user who owns the task; nil is the service key.
    package let ownerID: Identifier<User>?
    package let ownerUsername: String
    @AsSent package var name: String
    @AsSent package var description: String?
    package var action: Action
    package var timing: TaskTiming
    package var misfirePolicy: MisfirePolicy
    /// Seconds after a slot within which taking it up is not a misfire.
    package var misfireGrace: Int
    /// Seconds by which a start may be delayed.
    package var jitter: Int
    package var overlapPolicy: OverlapPolicy
    /// Seconds that one attempt may take.
    package var timeout: Int
    package var retryPolicy: RetryPolicy
    /// 1 to 10; bigger is more urgent among waiting executions.
    package var priority: Int
    /// The labels that a server must carry to run it.
    @AsSent package var requires: [String]
    @AsSent package var tags: [String]
    /// Whatever the caller keeps with the task, as sent.
    package var metadata: JSONValue?
    /// The tasks that must have completed before a run of this one starts; nil and empty mean the same.
    package var dependencies: [Identifier<TaskDefinition>]?
    /// Where the end of each run is told; nil: nowhere.
    @AsSent package var callbackURL: String?
    package var isActive: Bool
    package var status: TaskStatus
    /// Failed attempts of the latest run.
    package let retryCount: Int
    /// The next slot; nil when the task is inactive or spent.
    package var nextRun: Date?
    /// The start of the latest run that started.
    package let lastRun: Date?
    package let createdAt: Date
    /// The last change by a caller, not by a run.
    package let updatedAt: Date

    /// A task, all of it.
    package init(
        id: Identifier<TaskDefinition>, ownerID: Identifier<User>?, ownerUsername: String, name: String,
        description: String?, action: Action, timing: TaskTiming, misfirePolicy: MisfirePolicy, misfireGrace: Int,
        jitter: Int,
        overlapPolicy: OverlapPolicy, timeout: Int, retryPolicy: RetryPolicy, priority: Int, requires: [String],
        tags: [String], metadata: JSONValue?, dependencies: [Identifier<TaskDefinition>]?,
        callbackURL: String?, isActive: Bool, status: TaskStatus, retryCount: Int, nextRun: Date?, lastRun: Date?,
        createdAt: Date, updatedAt: Date
    ) {
        self.id = id
        self.ownerID = ownerID
        self.ownerUsername = ownerUsername
        self.name = name
        self.description = description
        self.action = action
        self.timing = timing
        self.misfirePolicy = misfirePolicy
        self.misfireGrace = misfireGrace
        self.jitter = jitter
        self.overlapPolicy = overlapPolicy
        self.timeout = timeout
        self.retryPolicy = retryPolicy
        self.priority = priority
        self.requires = requires
        self.tags = tags
        self.metadata = metadata
        self.dependencies = dependencies
        self.callbackURL = callbackURL
        self.isActive = isActive
        self.status = status
        self.retryCount = retryCount
        self.nextRun = nextRun
        self.lastRun = lastRun
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}
