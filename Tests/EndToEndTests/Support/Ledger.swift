import EndToEndSupport
import Foundation

/// What commands noted about their runs, one line each: the task, the slot and the fencing token.
struct Ledger: Sendable {
    struct Line: Sendable, Hashable {
        let task: String
        let slot: String
        let attempt: Int
        let token: Int
    }

    let lines: [Line]

    /// The shell text with which a command adds its line to `file`: one write of one line, which the system keeps
    /// whole.
    static func command(_ file: String) -> String {
        "echo \"$QKRON_TASK_ID $QKRON_SCHEDULED_FOR $QKRON_ATTEMPT $QKRON_FENCING_TOKEN\" >> \(file)"
    }

    init(_ lines: [String]) {
        self.lines = lines.compactMap { line in
            let words = line.split(separator: " ").map(String.init)
            guard words.count == 4, let attempt = Int(words[2]), let token = Int(words[3]) else { return nil }
            return Line(task: words[0], slot: words[1], attempt: attempt, token: token)
        }
    }

    /// The runs that were noted more than once with the same token.
    var doubled: [Line] {
        Dictionary(grouping: lines) { $0 }.values.filter { $0.count > 1 }.map { $0[0] }
    }
}

extension Database {
    /// How many slots of a 1-second interval task have no execution between the first and the last that have one.
    func lostSlots(of task: String) async throws -> Int {
        try await number(
            """
            SELECT coalesce(sum(gap - 1), 0)::int FROM (
                SELECT round(extract(epoch FROM scheduled_for - lag(scheduled_for) OVER (ORDER BY scheduled_for)))::int AS gap
                FROM qkron.executions WHERE task_id = '\(task)' AND trigger = 'schedule') AS gaps WHERE gap <> 1
            """)
    }

    /// How many slots of a task have not exactly one execution with trigger `schedule`.
    func doubledSlots(of task: String) async throws -> Int {
        try await number(
            """
            SELECT count(*) FROM (
                SELECT FROM qkron.executions WHERE task_id = '\(task)' AND trigger = 'schedule'
                GROUP BY scheduled_for HAVING count(*) <> 1) AS doubled
            """)
    }

    /// How many executions of a task are as the condition says.
    func count(_ task: String, where condition: String = "true") async throws -> Int {
        try await number("SELECT count(*) FROM qkron.executions WHERE task_id = '\(task)' AND \(condition)")
    }
}
