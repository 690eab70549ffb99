import ArgumentParser
import Domain
import Operations
import Scheduling

/// The flags that name a schedule, as those of tasks do.
struct ScheduleQuestion: ParsableArguments {
    @Option(help: "A cron expression of five or six fields, or a macro such as @daily.")
    var cron: String?
    @Option(name: [.long, .customLong("every")], help: "An interval such as 5m or 1h30m.")
    var interval: String?
    @Option(
        name: [.long, .customLong("at")],
        help: "A date and time, or a cron expression of which only the next match counts.")
    var once: String?
    @Option(name: [.customLong("tz"), .long], help: "A zone of the tz database.")
    var timezone = "UTC"
    @Option(help: "Print what fires after this instant. (default: now)")
    var from: String?

    private var schedules: [String] { [cron, interval, once].compactMap { $0 } }

    /// Whether any schedule is named.
    var isAsked: Bool { !schedules.isEmpty }

    /// Exactly one must be named.
    ///
    /// - Throws: `ValidationError`.
    func check(or otherwise: String = "") throws {
        guard schedules.count == 1 else {
            throw ValidationError("Give exactly one of --cron, --interval, --once\(otherwise).")
        }
    }

    /// The question for so many slots.
    ///
    /// - Throws: `ValidationError`.
    func request(count: Int) throws -> PreviewRequest {
        PreviewRequest(
            kind: cron != nil ? .cron : interval != nil ? .interval : .once, schedule: schedules.first ?? "",
            timezone: timezone, from: try Self.moment(from, "--from"), startsAt: nil, endsAt: nil, count: count)
    }

    /// The moment that a flag names.
    ///
    /// - Throws: `ValidationError`.
    static func moment(_ text: String?, _ flag: String) throws -> MomentText? {
        guard let text else { return nil }
        guard let moment = ISO8601.parse(text) else {
            throw ValidationError("\(flag) must be a date and time such as 2026-03-01T02:30:00Z.")
        }
        return moment
    }
}
