import Executor
import Glibc

/// Which system user commands run as.
enum CommandUser {
    /// The user that is configured; else, started by root, `nobody`; else the server's own.
    ///
    /// - Throws: `CommandUserError` if it is no single name, there is no such user, this process may not become it, or it is the user of the
    ///   private Postgres, whose files hold every secret.
    static func choose(_ configured: String?) throws -> SystemUser? {
        let isRoot = geteuid() == 0
        guard let name = configured ?? (isRoot ? "nobody" : nil) else { return nil }
        guard !name.contains("=") else {
            throw CommandUserError(
                description:
                    "RUN_AS is '\(name)', but this version takes the name of one system user, for all commands.")
        }
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
