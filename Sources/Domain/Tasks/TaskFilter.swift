import Scheduling

/// What generates tasks of the kind `goal`; in this version only a name that lists can be asked for.
package enum Goal {}

/// Which tasks a list shows.
package struct TaskFilter: Sendable {
    package var owner: Identifier<User>?
    package var statuses: [TaskStatus] = []
    package var kinds: [ActionKind] = []
    /// A task must carry all of them.
    package var tags: [String] = []
    package var isActive: Bool?
    package var goal: Identifier<Goal>?
    package var scheduleKind: ScheduleKind?
    /// A part of the name, in any case; no longer than a name.
    package var namePart: String?

    /// A filter that lets everything through.
    package init() {}
}
