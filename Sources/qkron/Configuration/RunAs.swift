import Domain

/// Whose rights commands get, as `RUN_AS` says: one system user, or one for each role of a task's owner.
enum RunAs: Sendable, Equatable {
    case everyone(String)
    /// Nil is the service key.
    case byRole([Role?: String])

    /// Reads `name`, or `role=name` pairs; nil where the text is neither.
    init?(_ items: [String]) {
        if items.count == 1, !items[0].contains("=") {
            self = .everyone(items[0])
            return
        }
        var users: [Role?: String] = [:]
        for item in items {
            let parts = item.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[1].isEmpty, let role = Self.roles[parts[0]], users[role] == nil else {
                return nil
            }
            users[role] = parts[1]
        }
        guard !users.isEmpty else { return nil }
        self = .byRole(users)
    }

    /// The words for those who may own command tasks.
    static let roles: [String: Role?] = ["user": .user, "superuser": .superuser, "service": nil]
}
