import Credentials
import Domain
import Foundation
import Scheduling
import Storage

/// What the console may ask about accounts.
package struct UserOperations: Sendable {
    private let database: Database
    private let accounts: AccountRules

    /// Operations on the accounts of `database`.
    package init(database: Database, accounts: AccountRules) {
        self.database = database
        self.accounts = accounts
    }

    /// Makes an account.
    ///
    /// - Throws: `emailTaken`, `usernameTaken`, or every fault of the input.
    package func create(_ account: NewAccount, role: Role) async throws -> User {
        try await accounts.create(account, role: role, in: database)
    }

    /// All accounts, oldest first.
    package func list() async throws -> [User] {
        try await database.store.users()
    }

    /// Whether any active superuser exists.
    package func hasSuperuser() async throws -> Bool {
        try await database.store.users().contains { $0.role == .superuser && $0.isActive }
    }

    /// Gives an account a new password; its tokens are revoked.
    ///
    /// - Throws: `notFound`, or the fault of the password.
    package func setPassword(_ password: String, of username: String) async throws {
        let faults = AccountRules.passwordFaults(password)
        guard faults.isEmpty else { throw OperationError.invalid(faults) }
        let hash = try await accounts.hasher.hash(password)
        guard try await database.store.setPassword(hash: hash, ofUsername: username) else { throw Self.noUser }
    }

    /// Enables or disables an account. Disabling revokes its tokens, and its tasks rest until it is enabled again.
    ///
    /// - Throws: `notFound`, `lastSuperuser`.
    package func setActive(_ isActive: Bool, username: String) async throws {
        try await database.transaction { store in
            let superusers = try await store.lockActiveSuperusers()
            guard let user = try await store.user(named: username) else { throw Self.noUser }
            if !isActive, superusers == [user.id] {
                throw OperationError.refused(
                    .lastSuperuser, "'\(username)' is the last active superuser and cannot be disabled.")
            }
            guard let changed = try await store.setActive(isActive, username: username) else { return }
            try await restOrWake(tasksOf: changed, isActive: isActive, store)
        }
        // The console has no loop that gathers announcements; it sends its own.
        try await database.store.announce([.due])
    }

    private func restOrWake(tasksOf owner: Identifier<User>, isActive: Bool, _ store: Store) async throws {
        let tasks = try await store.lockTasks(ownedBy: owner)
        let now = try await store.now()
        let moves = tasks.filter(\.isActive).map { task in
            // A schedule that cannot be read rests, as it does when it is due.
            (task: task.id, nextRun: isActive ? (try? task.timing.slots())?.first(after: now) : nil)
        }
        try await store.setNextRuns(moves)
        try await store.rememberSchedules(of: tasks.map(\.id), at: now)
    }

    private static let noUser = OperationError.refused(.notFound, "There is no account of this name.")
}
