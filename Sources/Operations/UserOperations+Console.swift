import Credentials
import Domain
import Storage

/// What may be asked about accounts at the command line of the server's machine, where names are known and ids are not.
extension UserOperations {
    /// Makes an account.
    ///
    /// - Throws: `emailTaken`, `usernameTaken`, or every fault of the input.
    package func create(_ account: NewAccount, role: Role) async throws -> User {
        try await make(account, role: role, as: Caller(.console))
    }

    /// All accounts, oldest first.
    package func list() async throws -> [User] {
        try await database.store.users()
    }

    /// Whether any active superuser exists.
    package func hasSuperuser() async throws -> Bool {
        try await database.store.hasActiveSuperuser()
    }

    /// Gives an account a new password; its tokens are revoked.
    ///
    /// - Throws: `notFound`, or the fault of the password.
    package func setPassword(_ password: String, of username: String) async throws {
        let faults = AccountRules.passwordFaults(password)
        guard faults.isEmpty else { throw OperationError.invalid(faults) }
        let hash = try await accounts.hasher.hash(password)
        try await change(username) { user, store in
            _ = try await store.setPassword(hash: hash, of: user.id, provedBy: nil)
            return try await change(
                user, email: user.email, role: user.role, isActive: user.isActive, withPassword: true, store,
                as: Caller(.console))
        }
    }

    /// Enables or disables an account. Disabling revokes its tokens, and its tasks rest until it is enabled again.
    ///
    /// - Throws: `notFound`, `lastSuperuser`.
    package func setActive(_ isActive: Bool, username: String) async throws {
        try await change(username, mayEndSuperuser: !isActive) { user, store in
            try await change(
                user, email: user.email, role: user.role, isActive: isActive, store, as: Caller(.console))
        }
    }

    /// Gives an account another role; command tasks that it may not run rest.
    ///
    /// - Throws: `notFound`, `lastSuperuser`.
    package func setRole(_ role: Role, of username: String) async throws {
        try await change(username, mayEndSuperuser: role != .superuser) { user, store in
            try await change(
                user, email: user.email, role: role, isActive: user.isActive, store, as: Caller(.console))
        }
    }

    private func change(
        _ username: String, mayEndSuperuser: Bool = false,
        _ body: @Sendable @escaping (User, Store) async throws -> User
    ) async throws {
        _ = try await apply { store in
            guard let found = try await store.user(named: username) else { throw Self.noUser }
            return try await body(try await lock(found.id, in: store, mayEndSuperuser: mayEndSuperuser), store)
        }
    }
}
