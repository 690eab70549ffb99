import Domain
import Operations
import Scheduling

extension PreviewRequest {
    /// Reads the body of a preview; faults are kept, to be told with those found later.
    init(reading members: [TextKey: JSONValue]) {
        var reader = BodyReader(members)
        reader.require("schedule_type", "schedule")
        let kind = reader.choice("schedule_type", of: ScheduleKind.self)
        let schedule = reader.string("schedule", length: TaskLimits.schedule)
        let timezone = reader.string("timezone", length: TaskLimits.timezone)
        let from = reader.time("from")
        let startsAt = reader.orNull("starts_at") { $0.time("starts_at") }
        let endsAt = reader.orNull("ends_at") { $0.time("ends_at") }
        let count = reader.integer("count", in: PreviewRequest.countRange)
        let dstPolicy = reader.choice("dst_policy", of: DSTPolicy.self)
        self.init(
            kind: kind.optional, schedule: schedule.optional, timezone: timezone.or("UTC"), from: from.optional,
            startsAt: startsAt.or(nil), endsAt: endsAt.or(nil), count: count.or(10),
            dstPolicy: dstPolicy.or(.standard), faults: reader.faults)
    }
}

extension SchedulePreview: JSONWritable {
    /// Writes the preview as it is answered.
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("description", sentence)
            json.member("next", next.map { ISO8601.formatByMinute($0, in: zone) })
            json.member("warnings", warnings)
        }
    }
}
