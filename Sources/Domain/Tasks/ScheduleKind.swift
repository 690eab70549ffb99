/// The three kinds of schedule.
package enum ScheduleKind: String, Sendable, CaseIterable {
    case cron, interval, once
}
