@testable import Torture

/// A task due every second from 100 to 105 s, all whose runs went well: the evidence of a good run, to be spoilt.
struct Sample {
    static let second = 1_000_000

    var overlap = "skip"
    var executions: [ExecutionRow] = (101...105).map { Sample.execution($0) }
    /// Of each run its start and its end, 0.2 s later.
    var lines: [String] = (101...105).flatMap { Sample.lines($0) }
    var entries: [Entry] = []
    var processes: [String] = []
    var isActive = true

    static func execution(
        _ slot: Int, id: String? = nil, trigger: String = "schedule", status: String = "completed",
        reason: String = "", attempts: Int = 1, retryOf: String? = nil, token: Int? = nil, createdAt: Int? = nil,
        endedAt: Int? = nil
    ) -> ExecutionRow {
        ExecutionRow(
            id: id ?? "run\(slot)", task: "task", trigger: trigger, slot: slot * second, status: status, reason: reason,
            attempts: attempts, earlier: [], startedAt: slot * second, endedAt: endedAt ?? (slot * second + 500_000),
            returnCode: 0, retryOf: retryOf, node: "node", token: token ?? slot,
            createdAt: createdAt ?? slot * second)
    }

    static func lines(
        _ slot: Int, id: String? = nil, attempt: Int = 1, token: Int? = nil, from: Double? = nil, to: Double? = nil
    ) -> [String] {
        let start = from ?? Double(slot)
        return [("start", start), ("end", to ?? start + 0.2)].map { word, instant in
            "\(word) task \(slot) \(id ?? "run\(slot)") \(attempt) \(token ?? slot) \(slot) \(Int(instant * 1e9))"
        }
    }

    /// The names of the promises that were broken.
    var broken: Set<String> {
        let cadence = Cadence.interval(1)
        let task = TaskRow(
            id: "task", name: "task", description: "0", cadence: cadence, isActive: isActive, status: "completed",
            overlap: overlap, misfire: "skip", grace: 1, maxRetries: 1)
        let period = PeriodRow(
            task: "task", from: 100 * Self.second, until: 105_500_000, cadence: cadence, anchor: 100 * Self.second,
            isActive: true)
        let evidence = Evidence(
            ledger: LedgerFile(text: lines.joined(separator: "\n")),
            tables: Tables(tasks: [task], periods: [period], executions: executions, now: 106 * Self.second),
            tasksAfterStorm: [task], entries: entries, steppedBack: 0,
            clock: ClockHistory(start: 0, steps: []), quiet: ["task"], processes: processes, faults: 1, complaints: [])
        return Set(evidence.judge().filter { !$0.violations.isEmpty }.map(\.name))
    }

    mutating func note(_ wish: Wish, _ answer: Answer) {
        entries.append(Entry(task: "task", wish: wish, answer: answer, asked: 0, answered: 1))
    }
}
