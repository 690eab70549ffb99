/// Why an execution exists. The schema and the API know `dependency` and `backfill`, under which only a later version
/// makes any.
package enum Trigger: String, Sendable, CaseIterable {
    case schedule, manual, webhook, dependency, retry, backfill
}
