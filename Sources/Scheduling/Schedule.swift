import Foundation

/// When a task is due: by a cron expression in a zone, at an interval from an anchor, or once.
package enum Schedule: Sendable, Hashable {
    case cron(CronExpression, ZoneRules, DSTPolicy)
    /// `includesAnchor`: the anchor is itself the first slot, as the `starts_at` of an interval is.
    case interval(Interval, anchor: Date, includesAnchor: Bool)
    case once(Date)

    /// The first slot strictly after an instant, both in microseconds since 1970; nil if there is none.
    func slot(after instant: Int) -> Int? {
        switch self {
        case .cron(let expression, let zone, let dst):
            expression.next(after: CivilDate.floorDivide(instant, by: 1_000_000), in: zone, dst: dst).map {
                $0 * 1_000_000
            }
        case .interval(let interval, let anchor, let includesAnchor):
            interval.next(after: instant, anchor: anchor.microseconds, firstStep: includesAnchor ? 0 : 1)
        case .once(let date):
            date.microseconds > instant ? date.microseconds : nil
        }
    }
}
