import Domain

/// The shape of the audit log (docs/api.md).
enum AuditSchema {
    static let row = JSONSchema.answer([
        "id": .id, "timestamp": .time, "actor_type": .choice("user", "api_key", "service", "system", "console"),
        "actor_id": .text.orNull, "actor_name": .text.orNull, "api_key_id": .text.orNull, "api_key_name": .text.orNull,
        "action": .text.example("task.create"), "resource_type": .text.orNull, "resource_id": .text.orNull,
        "ip": .text.orNull, "request_id": .text.orNull,
        "changes": .anyObject.note("`from` and `to` of each field; secrets read `***`."),
    ]).named("AuditRow")
}

/// What is told of the route of the audit log.
extension RouteDescription {
    static let listAudit = RouteDescription(
        "listAudit", .audit, "Read the audit log", detail: "Newest first.",
        query: [
            .one("actor_id", .id, "The account, be it by a key."), .one("api_key_id", .id),
            .one("action", .text(0...255)), .one("resource_type", .text(0...255)), .one("resource_id", .text(0...255)),
            .one("since", .time, "Inclusive; without an offset UTC."),
            .one("until", .time, "Exclusive; without an offset UTC."),
        ] + .window,
        answers: .list(of: AuditSchema.row, named: "AuditPage"))
}
