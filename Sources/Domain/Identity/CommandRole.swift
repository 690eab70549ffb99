/// Whose command tasks an installation may allow; a viewer makes none.
package enum CommandRole: String, Sendable, CaseIterable {
    case user, superuser, service

    /// The word for owners of this role, nil being the service key; nil for a viewer.
    package init?(ofOwner role: Role?) {
        switch role {
        case .user: self = .user
        case .superuser: self = .superuser
        case nil: self = .service
        case .viewer: return nil
        }
    }
}

extension Set<CommandRole> {
    /// Whether command tasks of owners of this role may run, nil being the service key.
    package func admitOwner(of role: Role?) -> Bool {
        CommandRole(ofOwner: role).map(contains) ?? false
    }
}
