import Domain

/// The shape of what became of a slot (docs/api.md).
enum SlotSchema {
    static let verdict = JSONSchema.choice(of: SlotVerdict.self)

    static let slot = JSONSchema.answer([
        "scheduled_for": .time, "verdict": verdict, "reason": .text.orNull, "execution_id": .id.orNull,
        "status": .choice(of: ExecutionStatus.self).orNull,
    ]).named("Slot")
}

/// What is told of the route that tells what became of a task's slots.
extension RouteDescription {
    static let listSlots = RouteDescription(
        "listSlots", .executions, "Why did it not run?",
        detail:
            "One row and one verdict for every due slot, oldest first; of the last 24 hours unless asked otherwise.",
        query: [
            .one("since", .time, "Inclusive; without an offset UTC."),
            .one("until", .time, "Exclusive; without an offset UTC."),
            .several("verdict", SlotSchema.verdict),
        ] + .window,
        answers: .list(of: SlotSchema.slot, named: "SlotPage"))
}
