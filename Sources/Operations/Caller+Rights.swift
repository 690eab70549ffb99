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

    /// - Throws: `notOwner` unless the owner's tasks, nil being the service key, are this caller's to read.
    func checkMayRead(taskOf owner: Identifier<User>?) throws {
        guard !principal.readsAllTasks else { return }
        try checkMayChange(taskOf: owner)
    }

    /// - Throws: `notOwner` unless the owner's tasks, nil being the service key, are this caller's to change;
    ///   `roleRequired` for viewers.
    func checkMayChange(taskOf owner: Identifier<User>?) throws {
        guard !principal.isSuperuser else { return }
        guard principal.account?.role != .viewer else { throw OperationError.viewerMayNot }
        guard let own = principal.taskOwner, own.id == owner else {
            throw OperationError.refused(.notOwner, "This task belongs to somebody else.")
        }
    }
}

extension OperationError {
    /// Nobody asks for what only somebody may.
    package static let loginNeeded = OperationError.refused(
        .notAuthenticated, "Log in first: send an Authorization header with a Bearer token.")
    /// Somebody asks for what only superusers may.
    package static let superuserNeeded = OperationError.refused(.roleRequired, "Only a superuser may do this.")
    /// A viewer asks for a change.
    package static let viewerMayNot = OperationError.refused(
        .roleRequired, "A viewer may read, and change nothing.")
    /// The service key asks for what only people may.
    package static let personNeeded = OperationError.refused(
        .roleRequired, "The service key may not do this; log in as a person.")
}
