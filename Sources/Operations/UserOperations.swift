import Credentials
import Domain
import Foundation
import Scheduling
import Storage

/// What may be asked about accounts.
package struct UserOperations: Sendable {
    let database: Database
    let accounts: AccountRules
    private let throttle: LoginThrottle
    private let commandRoles: Set<CommandRole>
    private let remembered: RememberedCallers

    /// Operations on the accounts of `database`.
    ///
    /// - Parameters:
    ///   - commandRoles: whose command tasks run; those of others rest.
    ///   - remembered: shared with all that admits callers.
    package init(
        database: Database, accounts: AccountRules, commandRoles: Set<CommandRole>, remembered: RememberedCallers
    ) {
        self.database = database
        self.accounts = accounts
        throttle = LoginThrottle(database: database)
        self.commandRoles = commandRoles
        self.remembered = remembered
    }

    /// Makes an account.
    ///
    /// - Throws: `roleRequired`, `emailTaken`, `usernameTaken`, or every fault of the input.
    package func create(
        _ account: NewAccount, role: Role, isActive: Bool, as caller: Caller
    ) async throws -> User {
        try caller.mustBeSuperuser()
        return try await make(account, role: role, isActive: isActive, as: caller)
    }

    func make(_ account: NewAccount, role: Role, isActive: Bool = true, as caller: Caller) async throws -> User {
        try await accounts.create(account, role: role, isActive: isActive, in: database) { user in
            (.creation(of: user, "user.create"), caller)
        }
    }

    /// The accounts of this role and standing, oldest first.
    ///
    /// - Throws: `roleRequired`.
    package func list(
        role: Role?, isActive: Bool?, skip: Int, limit: Int, as caller: Caller
    ) async throws -> [User] {
        try caller.mustBeSuperuser()
        return try await database.store.users(role: role, isActive: isActive, skip: skip, limit: limit)
    }

    /// One's own account; a superuser, any.
    ///
    /// - Throws: `notFound`, `notOwner`.
    package func find(_ id: Identifier<User>, as caller: Caller) async throws -> User {
        try Self.check(caller, mayAskAbout: id)
        guard let (user, _) = try await database.store.user(id) else { throw Self.noUser }
        return user
    }

    /// Changes an account: a superuser role, standing and e-mail of anybody, everybody the own e-mail and password.
    ///
    /// - Throws: `notFound`, `notOwner`, `forbidden`, `emailTaken`, `wrongCurrentPassword`, `tooManyAttempts`,
    ///   `lastSuperuser`, or every fault of the input.
    package func update(_ id: Identifier<User>, with change: UserChange, as caller: Caller) async throws -> User {
        guard change.faults.isEmpty else { throw OperationError.invalid(change.faults) }
        try change.checkFields(of: id, as: try Self.check(caller, mayAskAbout: id))
        let password = try await newPassword(change, of: id, as: caller)
        return try await apply { store in
            let user = try await lock(
                id, in: store,
                mayEndSuperuser: change.role(after: .superuser) != .superuser || !change.isActive.or(true))
            if let password {
                let isSet = try await store.setPassword(hash: password.hash, of: id, provedBy: password.proved)
                guard isSet else { throw Self.wrongPassword }
            }
            return try await self.change(
                user, email: change.email.or(user.email), role: change.role(after: user.role),
                isActive: change.isActive.or(user.isActive), withPassword: password != nil, store, as: caller)
        }
    }

    /// Removes an account with its tasks, whose runs are killed, and its keys. The audit log stays.
    ///
    /// - Throws: `roleRequired`, `notFound`, `cannotDeleteSelf`, `lastSuperuser`.
    package func delete(_ id: Identifier<User>, as caller: Caller) async throws {
        try caller.mustBeSuperuser()
        guard caller.principal.account?.id != id else {
            throw OperationError.refused(.cannotDeleteSelf, "You cannot delete your own account.")
        }
        try await apply { store in
            let user = try await lock(id, in: store, mayEndSuperuser: true, toRemove: true)
            let tasks = try await store.lockTasks(ownedBy: id)
            try await store.deleteTasks(tasks.map(\.id))
            try await store.deleteUser(id)
            for start in stride(from: 0, to: tasks.count, by: Self.toldAtOnce) {
                let told = tasks[start..<min(start + Self.toldAtOnce, tasks.count)]
                try await store.record(told.map { (.deletion(of: $0), caller) })
            }
            try await store.record(.deletion(of: user, tasks: tasks.count), by: caller)
        }
    }

    /// Runs a change in a transaction; afterwards nobody is admitted as before, and servers look at schedules and runs
    /// anew.
    func apply<Answer: Sendable>(
        _ body: @Sendable @escaping (Store) async throws -> Answer
    ) async throws -> Answer {
        let answer: Answer
        // Also where the answer to the commit was lost.
        defer { remembered.forgetAll() }
        do {
            answer = try await database.transaction(body)
        } catch StorageError.duplicate(constraint: "users_email") {
            throw OperationError.emailTaken
        }
        // At once, since the console has no loop that gathers announcements; a lost one only delays.
        try? await database.store.announce([.due, .wishes])
        return answer
    }

    /// Locks an account; where the last active superuser may be lost, all superusers before it.
    func lock(
        _ id: Identifier<User>, in store: Store, mayEndSuperuser: Bool, toRemove: Bool = false
    ) async throws -> User {
        let superusers = mayEndSuperuser ? try await store.lockActiveSuperusers() : []
        guard let user = try await store.lockUser(id, toRemove: toRemove) else { throw Self.noUser }
        if superusers == [id] {
            throw OperationError.refused(
                .lastSuperuser, "'\(user.username)' is the last active superuser and must stay one.")
        }
        return user
    }

    /// Changes a locked account, lets its tasks follow, and writes it down.
    func change(
        _ before: User, email: String, role: Role, isActive: Bool, withPassword: Bool = false, _ store: Store,
        as caller: Caller
    ) async throws -> User {
        if User.holdsAtSign(before.username), User.key(of: email) != User.key(of: before.username) {
            throw OperationError.invalid([
                InputFault(["email"], "your username is your e-mail address, so the two stay the same")
            ])
        }
        let isSame = email.hasSameBytes(as: before.email) && role == before.role && isActive == before.isActive
        let after =
            isSame && !withPassword
            ? before : try await store.update(user: before.id, email: email, role: role, isActive: isActive)
        if let entry = AuditEntry.change(of: before, to: after, withPassword: withPassword) {
            try await store.record(entry, by: caller)
        }
        if before.isActive != after.isActive || before.role != after.role {
            while try await letTasksFollow(of: after.id, store) > 0 {}
        }
        return after
    }

    /// Lets command tasks rest whose owners' roles `COMMAND_ROLES` names no more, and wakes those that it names again.
    package func settleCommandRoles() async throws {
        while try await database.transaction({ try await letTasksFollow(of: nil, $0) }) > 0 {}
    }

    /// Lets tasks whose owners may not run them any more rest, and wakes those whose owners may again.
    ///
    /// - Parameter owner: whose tasks; nil: everybody's.
    /// - Returns: how many; there may be more.
    private func letTasksFollow(of owner: Identifier<User>?, _ store: Store) async throws -> Int {
        let tasks = try await store.tasksToSettle(of: owner, commandRoles, limit: 1_000)
        let now = try await store.now()
        let moves = tasks.filter(\.task.isActive).map { standing in
            // A schedule that cannot be read rests, as it does when it is due.
            let slots = standing.ownerStands ? try? standing.task.timing.slots() : nil
            return (task: standing.task.id, nextRun: slots?.first(after: now))
        }
        try await store.setNextRuns(moves)
        try await store.rememberSchedules(of: tasks.map(\.task.id), at: now, commandRoles: commandRoles)
        return tasks.count
    }

    /// The hash of the new password, if there is one, once the current one that was sent is proved.
    private func newPassword(
        _ change: UserChange, of id: Identifier<User>, as caller: Caller
    ) async throws -> (hash: String, proved: String)? {
        // A new password without the current one was refused before.
        guard let current = change.currentPassword.optional else { return nil }
        guard let (username, proved) = try await database.store.passwordHash(of: id) else { throw Self.noUser }
        try await throttle.check(username, from: caller.address)
        guard try await accounts.hasher.verify(current, against: proved) else {
            try await throttle.recordFailure(username, of: id, as: caller)
            throw Self.wrongPassword
        }
        try await throttle.check(username, from: caller.address)
        guard let password = change.password.optional else { return nil }
        return (try await accounts.hasher.hash(password), proved)
    }

    /// - Returns: whoever asks.
    @discardableResult
    private static func check(_ caller: Caller, mayAskAbout id: Identifier<User>) throws -> User {
        let account = try caller.account()
        guard account.id == id || account.role == .superuser else {
            throw OperationError.refused(.notOwner, "This account is somebody else's.")
        }
        return account
    }

    /// So many deleted tasks at a time are told of: tasks can be large.
    private static let toldAtOnce = 250
    static let noUser = OperationError.refused(.notFound, "There is no such account.")
    private static let wrongPassword = OperationError.refused(
        .wrongCurrentPassword, "The current password is wrong.")
}
