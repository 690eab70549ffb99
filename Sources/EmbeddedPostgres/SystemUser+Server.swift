import Glibc
import SystemUsers

extension SystemUser {
    /// As whom PostgreSQL runs: `postgres` when we are root (PostgreSQL refuses root), else ourselves.
    static func forServer() throws -> SystemUser {
        guard geteuid() == 0 else { return try ourselves() }
        guard let user = lookup("postgres") else { throw EmbeddedPostgresError.userMissing(name: "postgres") }
        return user
    }

    /// The user of this process, who must have a name: PostgreSQL knows users by theirs.
    static func ourselves() throws -> SystemUser {
        let id = geteuid()
        guard let user = lookup(id) else { throw EmbeddedPostgresError.userUnnamed(id: id) }
        return user
    }
}
