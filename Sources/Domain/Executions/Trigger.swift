/// Why an execution exists.
package enum Trigger: String, Sendable, CaseIterable {
    case schedule, manual, webhook, dependency, retry, backfill
}
