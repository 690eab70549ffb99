import Domain
import Postgres

extension User {
    /// The columns that `init(row:)` reads, of the table under the name `u`.
    static let columns: SQL = """
        u.id, u.email, u.username, u.role, u.is_active, u.created_at, u.updated_at, u.last_login_at
        """

    /// The account of a row.
    init(row: PostgresRow) throws(PostgresError) {
        self.init(
            id: Identifier(try row.decode("id")),
            email: try row.decode("email"),
            username: try row.decode("username"),
            role: try row.named("role"),
            isActive: try row.decode("is_active"),
            createdAt: try row.decode("created_at"),
            updatedAt: try row.decode("updated_at"),
            lastLoginAt: try row.decode("last_login_at"))
    }
}
