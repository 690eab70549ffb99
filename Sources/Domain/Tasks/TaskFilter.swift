import Scheduling

/// What generates tasks of the kind `goal`; in this version only a name that lists can be asked for.
package enum Goal {}

/// Which tasks a list shows.
package struct TaskFilter: Sendable {
    /// The task's owner.
    package var owner: OwnerFilter?
    /// Any of them; none asks for nothing.
    package var statuses: [TaskStatus] = []
    /// Any of them; none asks for nothing.
    package var kinds: [ActionKind] = []
    /// A task must carry all of them; of one with commas in it either the whole, or all parts between them.
    package var tags: [String] = []
    /// Whether its schedule is in force.
    package var isActive: Bool?
    /// The goal that made it.
    package var goal: Identifier<Goal>?
    /// How its schedule is written.
    package var scheduleKind: ScheduleKind?
    /// A part of the name, in any case; no longer than a name.
    package var namePart: String?

    /// A filter that lets everything through.
    package init() {}
}
