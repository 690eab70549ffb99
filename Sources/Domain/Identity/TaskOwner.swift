/// Whose a task is.
package struct TaskOwner: Sendable, Equatable {
    /// Nil: the service key.
    package let id: Identifier<User>?
    package let username: String

    /// The service key, which owns the tasks that it made itself.
    package static let service = TaskOwner(id: nil, username: "service")

    private init(id: Identifier<User>?, username: String) {
        self.id = id
        self.username = username
    }

    /// A person.
    package init(_ user: User) {
        self.init(id: user.id, username: user.username)
    }
}
