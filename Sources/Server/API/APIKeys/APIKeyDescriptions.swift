import Domain

/// The shapes of people's keys for programs (docs/api.md).
enum APIKeySchema {
    static let key = JSONSchema.answer(members).named("APIKey")

    static let made = JSONSchema.answer(members)
        .adding(["key": .text.note("The secret, which is shown only here.")]).named("MadeAPIKey")

    static let creation = JSONSchema.request(
        required: ["name", "scopes"],
        [
            "name": .text(APIKey.nameLength).example("deployment"),
            "scopes": .array(of: scope, count: 1...APIKey.mostScopes),
            "expires_at": .time.orNull.note("In the future; null: never. Without an offset UTC."),
        ]
    ).named("NewAPIKey")

    private static let scope = JSONSchema.choice(of: APIKeyScope.self)

    private static let members: KeyValuePairs<TextKey, JSONSchema> = [
        "id": .id, "name": .text, "prefix": .text.note("The first 8 characters of the secret."),
        "scopes": .array(of: scope), "expires_at": .time.orNull, "last_used_at": .time.orNull.note("Within a minute."),
        "created_at": .time, "revoked_at": .time.orNull,
    ]
}

/// What is told of the routes of people's keys.
extension RouteDescription {
    static let createAPIKey = RouteDescription(
        "createAPIKey", .keys, "Make an API key", body: .json(APIKeySchema.creation),
        answers: .json(APIKeySchema.made), refuses: [.forbidden])
    static let listAPIKeys = RouteDescription(
        "listAPIKeys", .keys, "List one's API keys", detail: "Newest first.",
        query: [.one("owner_id", .id, "For superusers: another's.")] + .window,
        answers: .list(of: APIKeySchema.key, named: "APIKeyPage"))
    static let revokeAPIKey = RouteDescription(
        "revokeAPIKey", .keys, "Revoke an API key", detail: "It works no more from then on.", answers: .nothing)
}
