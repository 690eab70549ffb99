import Domain
import Executor
import SystemUsers

/// Which system user a command runs as.
package enum CommandUsers: Sendable, Equatable {
    /// The server's own.
    case own
    /// One for all commands.
    case one(SystemUser)
    /// One for each role that the task's owner may have; those of other roles do not run. Nil is the service key.
    case byRole([Role?: SystemUser])

    /// The user for a task whose owner has this role now, where the server is `own`; nil: there is none.
    func user(for role: Role?, own: @autoclosure () -> SystemUser) -> SystemUser? {
        switch self {
        case .own: own()
        case .one(let user): user
        case .byRole(let users): users[role]
        }
    }
}
