import Domain
import Operations

/// The shapes of accounts and tokens (docs/api.md).
enum SessionSchema {
    static let user = JSONSchema.answer([
        "id": .id, "email": .text, "username": .text, "role": .choice(of: Role.self), "is_active": .bool,
        "is_superuser": .bool, "created_at": .time, "updated_at": .time, "last_login_at": .time.orNull,
    ]).named("User")

    static let email = JSONSchema.text(1...User.longestName).note("Must look like an address.")
        .example("ada@example.org")
    static let username = JSONSchema.text(User.usernameLength).note(
        "Without control characters; `@` only as one's own e-mail."
    ).example("ada")
    static let password = JSONSchema.text(User.passwordLength)

    static let registration = JSONSchema.request(
        required: ["email", "username", "password"], ["email": email, "username": username, "password": password]
    ).named("Registration")

    static let login = JSONSchema.request(
        required: ["username", "password"],
        [
            "username": .text.note("The username or the e-mail."), "password": .text,
            "grant_type": .anything.note("Ignored."),
            "scope": .anything.note("Ignored."),
        ]
    ).named("Login")

    static let token = JSONSchema.answer([
        "access_token": .text, "token_type": .choice("bearer"), "expires_in": .integer(1...Int.max).note("Seconds."),
    ]).named("Token")
}

/// What is told of the routes by which people come in.
extension RouteDescription {
    static let register = RouteDescription(
        "register", .sessions, "Register", detail: "Makes a user of the role `user`, where registration is open.",
        body: .json(SessionSchema.registration), answers: .json(SessionSchema.user),
        refuses: [.emailTaken, .usernameTaken, .registrationClosed])
    static let logIn = RouteDescription(
        "logIn", .sessions, "Log in", detail: "The password flow of OAuth 2, as a form or as JSON.",
        body: .jsonOrForm(SessionSchema.login), answers: .json(SessionSchema.token),
        refuses: [.invalidCredentials, .accountInactive, .tooManyAttempts, .rateLimited])
    static let showMe = RouteDescription(
        "showMe", .sessions, "Show one's own account", answers: .json(SessionSchema.user))
}
