import Actions
import Executor
import Glibc

/// Which system users commands run as.
enum CommandUser {
    /// The users that are configured; else, started by root, `nobody`; else the server's own.
    ///
    /// - Throws: `CommandUserError` if there is no such user, this process may not become it, or it is the user of the
    ///   private Postgres, whose files hold every secret.
    static func choose(_ configured: RunAs?) throws -> CommandUsers {
        switch configured {
        case .byRole(let names): .byRole(try names.mapValues(find))
        case .everyone(let name): .one(try find(name))
        case nil: geteuid() == 0 ? .one(try find("nobody")) : .own
        }
    }

    private static func find(_ name: String) throws -> SystemUser {
        let isRoot = geteuid() == 0
        guard let user = SystemUser.lookup(name) else {
            throw CommandUserError(description: "RUN_AS names '\(name)', but this system has no such user.")
        }
        guard isRoot || user.uid == geteuid() else {
            throw CommandUserError(description: "RUN_AS names '\(name)': only root can run commands as another user.")
        }
        // By its id: a user may have several names.
        guard !isRoot || user.uid != SystemUser.lookup("postgres")?.uid else {
            throw CommandUserError(
                description:
                    "RUN_AS must not name 'postgres', as '\(name)' does: that user owns the database, and with it every account."
            )
        }
        return user
    }
}

/// Why commands cannot run as the user that was asked for.
struct CommandUserError: Error, CustomStringConvertible {
    let description: String
}
