import Actions
import Domain
import Executor
import Glibc
import SystemUsers

/// Which system users commands run as.
enum CommandUser {
    /// Whose rights this process can give to commands.
    enum Choice {
        /// Its own alone.
        case own
        /// Any user's, since root has started it. Nil: the server stays root.
        case anyBut(server: SystemUser?)
        /// Those that root has said when the launcher was started, by user id.
        case only(Set<UInt32>)
    }

    /// The users that are configured; else, started by root, `nobody`; else the server's own.
    ///
    /// - Throws: `CommandUserError` if there is no such user, commands may not run as it, or it is the user of the
    ///   server or of the private Postgres, whose files hold every secret.
    static func choose(_ configured: RunAs?, among choice: Choice) throws -> CommandUsers {
        switch configured {
        case .byRole(let names): return .byRole(try names.mapValues { try find($0, among: choice) })
        case .everyone(let name): return .one(try find(name, among: choice))
        case nil:
            if case .own = choice { return .own }
            return .one(try find("nobody", among: choice))
        }
    }

    private static func find(_ name: String, among choice: Choice) throws -> SystemUser {
        guard let user = SystemUser.lookup(name) else {
            throw CommandUserError(description: "RUN_AS names '\(name)', but this system has no such user.")
        }
        switch choice {
        case .own:
            guard user.uid == geteuid() else {
                throw CommandUserError(
                    description: "RUN_AS names '\(name)': only root can run commands as another user.")
            }
        case .anyBut(let server):
            // By their ids: a user may have several names.
            let owners = [server, SystemUser.lookup("postgres")].compactMap(\.self)
            if let owner = owners.first(where: { $0.uid == user.uid }) {
                throw CommandUserError(
                    description: """
                        RUN_AS must not name '\(owner.name)', as '\(name)' does: that user owns the database, and with it \
                        every account.
                        """)
            }
        case .only(let ids):
            guard ids.contains(user.uid) else {
                throw CommandUserError(
                    description: "RUN_AS names '\(name)', whom root did not allow at the start: restart the server.")
            }
        }
        return user
    }
}

extension CommandUsers {
    /// Each of them; none where commands run as the server's own user.
    var all: [SystemUser] {
        switch self {
        case .own: []
        case .one(let user): [user]
        case .byRole(let users): Array(users.values)
        }
    }

    /// The user id of each role; of all under no name.
    var ids: [String: UInt32] {
        switch self {
        case .own: [:]
        case .one(let user): ["": user.uid]
        case .byRole(let users):
            Dictionary(uniqueKeysWithValues: users.map { ($0.key?.rawValue ?? "service", $0.value.uid) })
        }
    }
}

/// Why commands cannot run as the user that was asked for.
struct CommandUserError: Error, CustomStringConvertible {
    let description: String
}
