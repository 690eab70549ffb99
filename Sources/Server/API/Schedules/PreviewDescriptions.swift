import Domain
import Operations
import Scheduling

/// The shapes of a preview (docs/api.md).
enum PreviewSchema {
    static let request = JSONSchema.request(
        required: ["schedule_type", "schedule"],
        [
            "schedule_type": .choice(of: ScheduleKind.self),
            "schedule": .text(TaskLimits.schedule).example("0 2 * * *"),
            "timezone": .text(TaskLimits.timezone).byDefault("UTC").example("Europe/Berlin"),
            "dst_policy": .choice(of: DSTPolicy.self).byDefault("standard"),
            "from": .time.note("Now, if it is left out. Without an offset UTC."),
            "count": .integer(PreviewRequest.countRange).byDefault(10),
            "starts_at": .time.orNull.note("Without an offset it is read in `timezone`."),
            "ends_at": .time.orNull.note("After `starts_at`. Without an offset it is read in `timezone`."),
        ]
    ).named("PreviewRequest")

    static let preview = JSONSchema.answer([
        "next": .array(of: .time, count: 0...PreviewRequest.countRange.upperBound).note(
            "With the offset of the zone at that instant."),
        "description": .text.note("The schedule as a sentence."),
        "warnings": .array(of: .text).note("What may surprise."),
    ]).named("Preview")
}

/// What is told of the route that tells when a schedule would fire.
extension RouteDescription {
    static let previewSchedule = RouteDescription(
        "previewSchedule", .schedules, "Preview a schedule", detail: "Nothing is stored.",
        body: .json(PreviewSchema.request), answers: .json(PreviewSchema.preview))
}
