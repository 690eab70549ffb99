import Domain

extension Caller {
    /// - Throws: `roleRequired` for all but superusers.
    func mustBeSuperuser() throws {
        guard principal.isSuperuser else { throw OperationError.superuserNeeded }
    }

    /// - Returns: the account that the caller acts for.
    /// - Throws: `roleRequired` for whoever acts for none.
    func account() throws -> User {
        guard let account = principal.account else { throw OperationError.personNeeded }
        return account
    }

    /// - Returns: the account that the caller acts for, which may change something beside itself.
    /// - Throws: `roleRequired` for viewers, and for whoever acts for no account.
    func accountThatMayChange() throws -> User {
        let account = try account()
        guard account.role != .viewer else { throw OperationError.viewerMayNot }
        return account
    }

    /// - Throws: `notOwner` unless the owner's tasks, nil being the service key, are this caller's to read.
    func checkMayRead(taskOf owner: Identifier<User>?) throws {
        guard mayRead(taskOf: owner) else { throw OperationError.notOwner }
    }

    /// - Throws: `notOwner` unless the owner's tasks, nil being the service key, are this caller's to change;
    ///   `roleRequired` for viewers.
    func checkMayChange(taskOf owner: Identifier<User>?) throws {
        guard principal.account?.role != .viewer else { throw OperationError.viewerMayNot }
        guard mayChange(taskOf: owner) else {
            throw OperationError.notOwner
        }
    }

    /// Whether the owner's tasks, nil being the service key, are this caller's to change.
    func mayChange(taskOf owner: Identifier<User>?) -> Bool {
        guard !principal.isSuperuser else { return true }
        guard principal.account?.role != .viewer, let own = principal.taskOwner else { return false }
        return own.id == owner
    }

    /// Whose tasks this caller may read; nil: everybody's.
    ///
    /// - Throws: `notAuthenticated` for nobody.
    var readableOwner: OwnerFilter? {
        get throws {
            if case .service = principal { return .service }
            guard let account = principal.account else { throw OperationError.loginNeeded }
            return account.role == .user ? .user(account.id) : nil
        }
    }

    /// Whether the owner's tasks are this caller's to read.
    func mayRead(taskOf owner: Identifier<User>?) -> Bool {
        principal.readsAllTasks || mayChange(taskOf: owner)
    }
}

extension OperationError {
    /// Nobody asks for what only somebody may.
    package static let loginNeeded = OperationError.refused(
        .notAuthenticated, "Log in first: send an Authorization header with a Bearer token.")
    /// Somebody asks for what only superusers may.
    package static let superuserNeeded = OperationError.refused(.roleRequired, "Only a superuser may do this.")
    /// Somebody asks for another's task.
    static let notOwner = OperationError.refused(.notOwner, "This task belongs to somebody else.")
    /// A viewer asks for a change.
    package static let viewerMayNot = OperationError.refused(
        .roleRequired, "A viewer may read, and change nothing.")
    /// The service key asks for what only people may.
    package static let personNeeded = OperationError.refused(
        .roleRequired, "The service key may not do this; log in as a person.")
}
