/// Whoever asks.
package enum Principal: Sendable, Equatable {
    /// Nobody logged in.
    case anonymous
    /// A person with a valid token.
    case user(User)
    /// A program with a person's key, which may do no more than that person.
    case key(APIKey, owner: User)
    /// A program with the configured service key.
    case service
    /// Whoever knows a task's secret, once it was found right.
    case webhook
    /// Somebody at the command line of the server's machine.
    case console

    /// The account behind the request, if there is one.
    package var account: User? {
        switch self {
        case .user(let user), .key(_, let user): user
        case .anonymous, .service, .webhook, .console: nil
        }
    }

    /// Whose the tasks are that this principal makes; nil for those who make none.
    package var taskOwner: TaskOwner? {
        if case .service = self { .service } else { account.map(TaskOwner.init) }
    }

    /// Whether everybody's tasks are open to be read.
    package var readsAllTasks: Bool {
        isSuperuser || account?.role == .viewer
    }

    /// Whether everybody's rows are open to be read and changed.
    package var isSuperuser: Bool {
        account?.role == .superuser
    }
}
