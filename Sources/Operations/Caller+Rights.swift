import Domain

extension Caller {
    /// - Throws: `roleRequired` for all but superusers.
    func mustBeSuperuser() throws {
        guard principal.isSuperuser else { throw OperationError.superuserNeeded }
    }

    /// - Throws: `notOwner` unless the owner's tasks are this caller's to read.
    func checkMayRead(taskOf owner: Identifier<User>) throws {
        try checkMayChange(taskOf: owner)
    }

    /// - Throws: `notOwner` unless the owner's tasks are this caller's to change.
    func checkMayChange(taskOf owner: Identifier<User>) throws {
        guard principal.isSuperuser || principal.account?.id == owner else {
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
}
