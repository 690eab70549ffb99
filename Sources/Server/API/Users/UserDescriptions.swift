import Domain

/// The shapes of accounts that are sent (docs/api.md); what is answered is `SessionSchema.user`.
enum UserSchema {
    static let creation = JSONSchema.request(
        required: ["email", "username", "password"],
        [
            "email": SessionSchema.email, "username": SessionSchema.username, "password": SessionSchema.password,
            "role": .choice(of: Role.self).byDefault("user"), "is_superuser": isSuperuser,
            "is_active": .bool.byDefault(true),
        ]
    ).named("NewUser")

    static let change = JSONSchema.request([
        "email": SessionSchema.email, "role": .choice(of: Role.self), "is_superuser": isSuperuser, "is_active": .bool,
        "password": SessionSchema.password.note("One's own; needs `current_password`."), "current_password": .text,
    ]).named("UserChange")

    private static let isSuperuser = JSONSchema.bool.note("true in place of the role `superuser`.")
}

/// What is told of the routes of accounts.
extension RouteDescription {
    static let createUser = RouteDescription(
        "createUser", .users, "Make a user", body: .json(UserSchema.creation), answers: .json(SessionSchema.user),
        refuses: [.emailTaken, .usernameTaken])
    static let listUsers = RouteDescription(
        "listUsers", .users, "List users", detail: "Oldest first.",
        query: [
            .one("skip", .integer(0...Window.reach - 1).byDefault(0)),
            .one("limit", .integer(Window.sliceLimits).byDefault(100)),
            .one("role", .choice(of: Role.self)), .one("is_active", .bool),
        ],
        answers: .json(.array(of: SessionSchema.user)))
    static let showUser = RouteDescription(
        "showUser", .users, "Show a user", answers: .json(SessionSchema.user), refuses: [.forbidden])
    static let changeUser = RouteDescription(
        "changeUser", .users, "Change a user", detail: changes, body: .json(UserSchema.change),
        answers: .json(SessionSchema.user), refuses: userRefusals)
    static let patchUser = changeUser.renamed("patchUser")
    static let deleteUser = RouteDescription(
        "deleteUser", .users, "Delete a user",
        detail: "With the user's tasks, executions and keys. What the audit log tells of the user stays.",
        answers: .nothing, refuses: [.cannotDeleteSelf, .lastSuperuser])

    private static let changes = """
        Fields that are left out keep their value. Superusers set `role` or `is_superuser`, `is_active` and `email`; \
        everybody `email` and `password` of themselves, the password with `current_password`.
        """
    private static let userRefusals: [ErrorCode] = [
        .emailTaken, .wrongCurrentPassword, .forbidden, .lastSuperuser, .tooManyAttempts,
    ]
}
