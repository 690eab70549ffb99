import Domain
import Foundation
import Postgres

extension Store {
    /// Adds an account.
    ///
    /// - Throws: `StorageError.duplicate` naming `users_email` or `users_username`.
    package func insert(
        user id: Identifier<User>, email: String, username: String, passwordHash: String, role: Role,
        isActive: Bool = true
    ) async throws -> User {
        let rows = try await rows(
            """
            INSERT INTO qkron.users AS u (id, email, email_key, username, username_key, password_hash, role, is_active)
            VALUES (
                \(id.uuid), \(email), \(User.key(of: email)), \(username), \(User.key(of: username)), \(passwordHash),
                \(role.rawValue), \(isActive))
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

    /// Puts another hash of the same password in the place of the one that was proved, unless that is gone by now.
    /// Tokens stay good.
    package func renewPasswordHash(
        of id: Identifier<User>, provedBy passwordHash: String, with renewed: String
    ) async throws {
        try await change(
            """
            UPDATE qkron.users SET password_hash = \(renewed)
            WHERE id = \(id.uuid) AND password_hash = \(passwordHash)
            """)
    }

    /// The accounts that the filter lets through, oldest first.
    package func users(
        role: Role? = nil, isActive: Bool? = nil, skip: Int = 0, limit: Int? = nil
    ) async throws -> [User] {
        let rows = try await rows(
            """
            SELECT \(User.columns)
            FROM qkron.users u
            WHERE (\(role?.rawValue)::text IS NULL OR u.role = \(role?.rawValue))
              AND (\(isActive)::boolean IS NULL OR u.is_active = \(isActive))
            ORDER BY u.created_at, u.id
            OFFSET \(skip) LIMIT \(limit)
            """)
        return try decode(rows, User.init(row:))
    }

    /// Whether any account is an active superuser's.
    package func hasActiveSuperuser() async throws -> Bool {
        try await one("SELECT EXISTS (SELECT FROM qkron.users WHERE role = 'superuser' AND is_active) AS value")
    }

    /// The username and the password hash of an account.
    package func passwordHash(of id: Identifier<User>) async throws -> (username: String, hash: String)? {
        let rows = try await rows("SELECT username, password_hash FROM qkron.users WHERE id = \(id.uuid)")
        return try decode(rows) {
            (try $0.decode("username", as: String.self), try $0.decode("password_hash", as: String.self))
        }
        .first.map { (username: $0, hash: $1) }
    }

    /// Gives an account a new password and revokes its tokens.
    ///
    /// - Parameter proved: the hash of the password that was shown for it; nil where none was asked for.
    /// - Returns: false if there is no such account, or its password is another by now.
    package func setPassword(
        hash: String, of id: Identifier<User>, provedBy proved: String?
    ) async throws -> Bool {
        try await change(
            """
            UPDATE qkron.users
            SET password_hash = \(hash), token_generation = token_generation + 1, updated_at = clock_timestamp()
            WHERE id = \(id.uuid) AND password_hash = coalesce(\(proved), password_hash)
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

    /// Locks an account against every other change to it, and against becoming an owner where it is to be removed.
    package func lockUser(_ id: Identifier<User>, toRemove: Bool = false) async throws -> User? {
        let mode: SQL = toRemove ? "FOR UPDATE" : "FOR NO KEY UPDATE"
        let rows = try await rows("SELECT \(User.columns) FROM qkron.users u WHERE u.id = \(id.uuid) \(mode)")
        return try decode(rows, User.init(row:)).first
    }

    /// The account as it stands, which nobody changes until the transaction ends; nil if somebody has removed it.
    package func keepUser(_ id: Identifier<User>) async throws -> User? {
        let rows = try await rows("SELECT \(User.columns) FROM qkron.users u WHERE u.id = \(id.uuid) FOR SHARE")
        return try decode(rows, User.init(row:)).first
    }

    /// Changes a locked account; its tokens are revoked with a change of standing.
    ///
    /// - Throws: `StorageError.duplicate` naming `users_email`.
    package func update(
        user id: Identifier<User>, email: String, role: Role, isActive: Bool
    ) async throws -> User {
        let rows = try await rows(
            """
            UPDATE qkron.users u
            SET email = \(email), email_key = \(User.key(of: email)), role = \(role.rawValue), is_active = \(isActive),
                token_generation = token_generation + CASE WHEN is_active <> \(isActive) THEN 1 ELSE 0 END,
                updated_at = clock_timestamp()
            WHERE id = \(id.uuid)
            RETURNING \(User.columns)
            """)
        return try only(try decode(rows, User.init(row:)))
    }

    /// Removes an account with its keys; its tasks must be gone.
    package func deleteUser(_ id: Identifier<User>) async throws {
        try await change("DELETE FROM qkron.users WHERE id = \(id.uuid)")
    }

    /// The account of exactly this username.
    package func user(named username: String) async throws -> User? {
        let rows = try await rows("SELECT \(User.columns) FROM qkron.users u WHERE u.username = \(username)")
        return try decode(rows, User.init(row:)).first
    }
}
