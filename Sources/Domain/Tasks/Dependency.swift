/// A task that must have completed before another may run, as it stands now.
package struct Dependency: Sendable, Equatable {
    /// How a task stands that still exists.
    package struct Standing: Sendable, Equatable {
        package let ownerID: Identifier<User>?
        package let name: String
        package let status: TaskStatus
        package let isActive: Bool

        /// How a task of these stands.
        package init(ownerID: Identifier<User>?, name: String, status: TaskStatus, isActive: Bool) {
            self.ownerID = ownerID
            self.name = name
            self.status = status
            self.isActive = isActive
        }
    }

    /// The task whose turn it is first.
    package let id: Identifier<TaskDefinition>
    /// How it stands; nil when it has been deleted.
    package let standing: Standing?

    /// A task that another depends on.
    package init(id: Identifier<TaskDefinition>, standing: Standing?) {
        self.id = id
        self.standing = standing
    }

    /// At most so many of one task.
    package static let limit = 100

    /// Whether the other task may run as far as this one is concerned.
    package var isSatisfied: Bool {
        guard let standing else { return false }
        return standing.isActive && standing.status == .completed
    }
}
