import Domain
import Foundation
import Postgres

extension Store {
    /// Adds an account.
    ///
    /// - Throws: `StorageError.duplicate` naming `users_email` or `users_username`.
    package func insert(
        user id: Identifier<User>, email: String, username: String, passwordHash: String, role: Role
    ) async throws -> User {
        let rows = try await rows(
            """
            INSERT INTO qkron.users AS u (id, email, email_key, username, username_key, password_hash, role)
            VALUES (
                \(id.uuid), \(email), \(User.key(of: email)), \(username), \(User.key(of: username)), \(passwordHash),
                \(role.rawValue))
            RETURNING \(User.columns)
            """)
        return try only(try decode(rows, User.init(row:)))
    }

    /// Whether an account has this e-mail, however it is written, or this username: `(email, username)`.
    package func isTaken(email: String, username: String) async throws -> (email: Bool, username: Bool) {
        let rows = try await rows(
            """
            SELECT EXISTS (SELECT FROM qkron.users WHERE email_key = \(User.key(of: email))) AS email,
                   EXISTS (SELECT FROM qkron.users WHERE username = \(username)) AS username
            """)
        return try only(
            try decode(rows) { (try $0.decode("email", as: Bool.self), try $0.decode("username", as: Bool.self)) })
    }

    /// The account of this id, with the generation that its tokens must carry.
    package func user(_ id: Identifier<User>) async throws -> (user: User, tokenGeneration: Int)? {
        let rows = try await read(
            "SELECT \(User.columns), u.token_generation FROM qkron.users u WHERE u.id = \(id.uuid)")
        return try decode(rows) { (try User(row: $0), try $0.decode("token_generation", as: Int.self)) }.first
    }

    /// The account that logs in by this username or e-mail, with its password hash; the schema promises that it is one.
    package func user(login: String) async throws -> (user: User, passwordHash: String)? {
        let rows = try await rows(
            """
            SELECT \(User.columns), u.password_hash
            FROM qkron.users u
            WHERE u.username = \(login) OR u.email_key = \(User.key(of: login))
            """)
        return try decode(rows) { (try User(row: $0), try $0.decode("password_hash", as: String.self)) }.first
    }

    /// Notes a login, if the account is still active under the hash that was proved; answers its token generation.
    package func recordLogin(of id: Identifier<User>, provedBy passwordHash: String) async throws -> Int? {
        let rows = try await rows(
            """
            UPDATE qkron.users SET last_login_at = clock_timestamp()
            WHERE id = \(id.uuid) AND password_hash = \(passwordHash) AND is_active
            RETURNING token_generation
            """)
        return try decode(rows) { try $0.decode("token_generation", as: Int.self) }.first
    }

    /// Puts another hash of the same password in the place of the one that was proved, unless that is gone by now. Tokens
    /// stay good.
    package func renewPasswordHash(
        of id: Identifier<User>, provedBy passwordHash: String, with renewed: String
    ) async throws {
        try await change(
            """
            UPDATE qkron.users SET password_hash = \(renewed)
            WHERE id = \(id.uuid) AND password_hash = \(passwordHash)
            """)
    }

    /// All accounts, oldest first.
    package func users() async throws -> [User] {
        try decode(
            try await rows("SELECT \(User.columns) FROM qkron.users u ORDER BY u.created_at, u.id"), User.init(row:))
    }

    /// Gives the account a new password and revokes its tokens; false if there is none of this name.
    package func setPassword(hash: String, ofUsername username: String) async throws -> Bool {
        try await change(
            """
            UPDATE qkron.users
            SET password_hash = \(hash), token_generation = token_generation + 1, updated_at = clock_timestamp()
            WHERE username = \(username)
            """) > 0
    }

    /// Locks all accounts of active superusers, so that two changes never remove the last of them together.
    package func lockActiveSuperusers() async throws -> [Identifier<User>] {
        let rows = try await rows(
            """
            SELECT id FROM qkron.users WHERE role = 'superuser' AND is_active ORDER BY id FOR NO KEY UPDATE
            """)
        return try decode(rows) { Identifier<User>(try $0.decode("id")) }
    }

    /// Enables or disables an account; disabling revokes its tokens. Nil if nothing of that name changed.
    package func setActive(_ isActive: Bool, username: String) async throws -> Identifier<User>? {
        let rows = try await rows(
            """
            UPDATE qkron.users
            SET is_active = \(isActive), token_generation = token_generation + 1, updated_at = clock_timestamp()
            WHERE username = \(username) AND is_active <> \(isActive)
            RETURNING id
            """)
        return try decode(rows) { Identifier<User>(try $0.decode("id")) }.first
    }

    /// The account of exactly this username.
    package func user(named username: String) async throws -> User? {
        let rows = try await rows("SELECT \(User.columns) FROM qkron.users u WHERE u.username = \(username)")
        return try decode(rows, User.init(row:)).first
    }
}
