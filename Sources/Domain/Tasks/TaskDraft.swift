import Foundation
import Scheduling

/// What a caller asks a task to be: all fields for a new one, some for a change. Types and ranges are already checked;
/// what hangs together (a schedule, an action's parameters) is not.
package struct TaskDraft: Sendable {
    package var name: Sent<String> = .nothing
    package var description: Sent<String?> = .nothing
    package var kind: Sent<ActionKind> = .nothing
    /// The members of the action's parameters that were sent; `null` takes one back to its default.
    package var parameters: [TextKey: JSONValue] = [:]
    package var scheduleKind: Sent<ScheduleKind> = .nothing
    package var schedule: Sent<String> = .nothing
    package var timezone: Sent<String> = .nothing
    package var dstPolicy: Sent<DSTPolicy> = .nothing
    package var startsAt: Sent<MomentText?> = .nothing
    package var endsAt: Sent<MomentText?> = .nothing
    package var misfirePolicy: Sent<MisfirePolicy> = .nothing
    package var misfireGrace: Sent<Int> = .nothing
    package var jitter: Sent<Int> = .nothing
    package var overlapPolicy: Sent<OverlapPolicy> = .nothing
    package var timeout: Sent<Int> = .nothing
    package var maxRetries: Sent<Int> = .nothing
    package var retryDelay: Sent<Int> = .nothing
    package var retryBackoff: Sent<Backoff> = .nothing
    package var priority: Sent<Int> = .nothing
    package var requires: Sent<[String]> = .nothing
    package var tags: Sent<[String]> = .nothing
    package var metadata: Sent<JSONValue?> = .nothing
    package var dependencies: Sent<[Identifier<TaskDefinition>]?> = .nothing
    package var callbackURL: Sent<OutboundURL?> = .nothing
    package var isActive: Sent<Bool> = .nothing
    /// Whether the change asks to cancel the task.
    package var cancels = false
    /// What of the request could not be read, to be told together with what else is wrong; such a draft is never
    /// stored.
    package var faults: [InputFault] = []

    /// A draft that asks for nothing.
    package init() {}

    /// Whether any field is sent that decides when the task is due.
    package var touchesTiming: Bool {
        scheduleKind.isSent || schedule.isSent || timezone.isSent || dstPolicy.isSent || startsAt.isSent
            || endsAt.isSent
    }
}
