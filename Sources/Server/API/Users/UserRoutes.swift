import Domain
import HTTPTypes
import Operations

/// The routes of accounts.
struct UserRoutes {
    let users: UserOperations

    var routes: [Route] {
        [
            Route(.post, "/users", .createUser, access: .superuser, status: .created, json: create),
            Route(.get, "/users", .listUsers, access: .superuser, json: list),
            Route(.get, "/users/{user_id}", .showUser, access: .selfOrSuperuser, json: find),
            Route(.put, "/users/{user_id}", .changeUser, access: .selfOrSuperuser, json: update),
            Route(.patch, "/users/{user_id}", .patchUser, access: .selfOrSuperuser, json: update),
            Route(.delete, "/users/{user_id}", .deleteUser, access: .superuser, answering: delete),
        ]
    }

    @Sendable private func create(_ call: Call) async throws -> User {
        var reader = BodyReader(try await call.body.object())
        let account = NewAccount(&reader)
        let (role, isSuperuser) = reader.standing()
        let isActive = reader.bool("is_active")
        try reader.check()
        return try await users.create(
            account, role: role.or(isSuperuser.or(false) ? .superuser : .user), isActive: isActive.or(true),
            as: call.caller)
    }

    @Sendable private func list(_ call: Call) async throws -> [User] {
        let (role, isActive, skip, limit) = try call.query { reader in
            (
                reader.choice("role", of: Role.self), reader.bool("is_active"),
                reader.integer("skip", in: 0...(Window.reach - 1)) ?? 0,
                reader.integer("limit", in: Window.sliceLimits) ?? 100
            )
        }
        return try await users.list(
            role: role, isActive: isActive, skip: skip, limit: limit, as: call.caller)
    }

    @Sendable private func find(_ call: Call) async throws -> User {
        try await users.find(try call.userID, as: call.caller)
    }

    @Sendable private func update(_ call: Call) async throws -> User {
        let (id, change) = try await readBoth({ try call.userID }) {
            var reader = BodyReader(try await call.body.object())
            let change = UserChange(&reader)
            try reader.check()
            return change
        }
        return try await users.update(id, with: change, as: call.caller)
    }

    @Sendable private func delete(_ call: Call) async throws -> Answer {
        try await users.delete(try call.userID, as: call.caller)
        return .empty()
    }
}

extension Call {
    fileprivate var userID: Identifier<User> {
        get throws { try identifier("user_id") }
    }
}

extension UserChange {
    fileprivate init(_ reader: inout BodyReader) {
        self.init()
        email = reader.string("email", length: 0...Int.max)
        (role, isSuperuser) = reader.standing()
        isActive = reader.bool("is_active")
        password = reader.string("password", length: 0...Int.max)
        currentPassword = reader.string("current_password", length: 0...Int.max)
        reader.add(faults)
    }
}

extension BodyReader {
    /// `role`, or `is_superuser` in its place; the two must not contradict each other.
    fileprivate mutating func standing() -> (role: Sent<Role>, isSuperuser: Sent<Bool>) {
        let (role, isSuperuser) = (choice("role", of: Role.self), bool("is_superuser"))
        if let named = role.optional, let isSuperuser = isSuperuser.optional, isSuperuser != (named == .superuser) {
            fail("is_superuser", "contradicts the role \(named.rawValue); send one of the two")
        }
        return (role, isSuperuser)
    }
}
