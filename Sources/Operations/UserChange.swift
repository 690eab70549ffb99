import Domain

/// What somebody asks to be another of an account.
package struct UserChange: Sendable {
    package var email: Sent<String> = .nothing
    package var role: Sent<Role> = .nothing
    /// Counts where no role is sent: false takes only a superuser's role away.
    package var isSuperuser: Sent<Bool> = .nothing
    package var isActive: Sent<Bool> = .nothing
    package var password: Sent<String> = .nothing
    /// The password before, which a new one needs; sent with anything else, it must be right too.
    package var currentPassword: Sent<String> = .nothing

    /// A change of nothing.
    package init() {}

    /// Everything wrong with the change by itself.
    package var faults: [InputFault] {
        AccountRules.faults(email: email.optional, username: nil, password: password.optional)
    }

    /// The role after the change of whoever has this one.
    func role(after before: Role) -> Role {
        switch (role, isSuperuser) {
        case (.value(let role), _): role
        case (.nothing, .value(true)): .superuser
        case (.nothing, .value(false)) where before == .superuser: .user
        case (.nothing, _): before
        }
    }

    /// - Throws: `forbidden` for a field that is not this caller's to change of that account; the fault of a new
    ///   password without the current one.
    func checkFields(of user: Identifier<User>, as caller: User) throws {
        if caller.role != .superuser, role.isSent || isSuperuser.isSent || isActive.isSent {
            throw OperationError.refused(.forbidden, "Only a superuser may change role and is_active.")
        }
        if caller.id != user, password.isSent || currentPassword.isSent {
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
