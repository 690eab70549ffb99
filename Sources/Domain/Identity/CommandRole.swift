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
    /// Whether tasks of this kind run whose owner has this role, nil being the service key. Whether the owner's account
    /// is enabled is another question; `Store.ownerStands` asks both in SQL.
    package func mayRun(_ kind: ActionKind, ofOwner role: Role?) -> Bool {
        kind != .command || (CommandRole(ofOwner: role).map(contains) ?? false)
    }
}
