import Domain

/// What somebody asks to be another of an account.
package struct UserChange: Sendable {
    package var email: Sent<String> = .nothing
    package var role: Sent<Role> = .nothing
    package var isActive: Sent<Bool> = .nothing
    package var password: Sent<String> = .nothing
    /// The password before, which a new one needs.
    package var currentPassword: Sent<String> = .nothing

    /// A change of nothing.
    package init() {}

    /// Everything wrong with the change by itself.
    package var faults: [InputFault] {
        AccountRules.faults(email: email.optional, username: nil, password: password.optional)
    }

    /// - Throws: `forbidden` for a field that is not this caller's to change of that account; the fault of a new password
    ///   without the current one.
    func checkFields(of user: Identifier<User>, as caller: User) throws {
        if caller.role != .superuser, role.isSent || isActive.isSent {
            throw OperationError.refused(.forbidden, "Only a superuser may change role and is_active.")
        }
        if caller.id != user, password.isSent {
            throw OperationError.refused(
                .forbidden, "A password is changed by its owner, or at the console by 'qkron user passwd'.")
        }
        if password.isSent, !currentPassword.isSent {
            throw OperationError.invalid([
                InputFault(["current_password"], "a new password needs the current one", type: "missing")
            ])
        }
    }
}
