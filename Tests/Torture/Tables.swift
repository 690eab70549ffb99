import EndToEndSupport
import Foundation

/// A row of `executions`; instants are microseconds since 1970 by the database's clock.
struct ExecutionRow: Sendable, CustomStringConvertible {
    let id: String
    let task: String
    let trigger: String
    let slot: Int
    let status: String
    let reason: String
    let attempts: Int
    let earlier: [EarlierAttempt]
    let startedAt: Int?
    let endedAt: Int?
    let returnCode: Int?
    let retryOf: String?
    let node: String
    let token: Int?
    let createdAt: Int

    var isSlot: Bool { trigger == "schedule" }
    var isInterrupted: Bool { status == "failed" && (reason == "lost" || reason == "shutdown") }

    var description: String {
        "execution \(id) of task \(task): \(trigger) for \(slot.asInstant), \(status) \(reason), attempts \(attempts), "
            + "token \(token.map(String.init) ?? "none"), node \(node), retry of \(retryOf ?? "none"), "
            + "made \(createdAt.asInstant), started \(startedAt?.asInstant ?? "never"), "
            + "ended \(endedAt?.asInstant ?? "never"), return code \(returnCode.map(String.init) ?? "none")"
    }

    /// How the row tells that an attempt ended: its status and reason; nil if it knows no such attempt.
    func ending(of attempt: Int) -> (status: String, reason: String)? {
        if attempt == attempts { return (status, reason) }
        return earlier.first { $0.number == attempt }.map { ($0.status, $0.reason) }
    }
}

struct EarlierAttempt: Sendable {
    let number: Int
    let status: String
    let reason: String
}

/// A row of `tasks`.
struct TaskRow: Sendable {
    let id: String
    let name: String
    let description: String
    let cadence: Cadence
    let isActive: Bool
    let status: String
    let overlap: String
    let misfire: String
    let grace: Int
    let maxRetries: Int
}

/// A row of `task_schedules`: what was in force from one change to the next.
struct PeriodRow: Sendable {
    let task: String
    let from: Int
    let until: Int?
    let cadence: Cadence
    let anchor: Int?
    let isActive: Bool
}

/// The tables as they are, read by psql and not by the server's own code.
struct Tables: Sendable {
    let tasks: [TaskRow]
    let periods: [String: [PeriodRow]]
    let executions: [ExecutionRow]
    let byID: [String: ExecutionRow]
    let byTask: [String: [ExecutionRow]]
    let now: Int

    init(tasks: [TaskRow], periods: [PeriodRow], executions: [ExecutionRow], now: Int) {
        self.tasks = tasks
        self.periods = Dictionary(grouping: periods, by: \.task)
        self.executions = executions
        self.now = now
        byID = Dictionary(executions.map { ($0.id, $0) }) { first, _ in first }
        byTask = Dictionary(grouping: executions, by: \.task)
    }
}

extension Tables {
    init(of database: Database) async throws {
        let micros = { (name: String) in "(extract(epoch FROM \(name)) * 1000000)::bigint" }
        let now = try await database.number("SELECT \(micros("clock_timestamp()"))")
        let tasks = try await database.rows(
            """
            SELECT id, name, coalesce(description, ''), schedule_type, schedule, is_active, status, overlap_policy,
                   misfire_policy, misfire_grace, max_retries FROM qkron.tasks ORDER BY id
            """
        ).map { row in
            TaskRow(
                id: row[0], name: row[1], description: row[2], cadence: Cadence(kind: row[3], text: row[4]),
                isActive: row[5] == "t", status: row[6], overlap: row[7], misfire: row[8], grace: Int(row[9]) ?? 0,
                maxRetries: Int(row[10]) ?? 0)
        }
        let periods = try await database.rows(
            """
            SELECT task_id, \(micros("valid_from")), \(micros("valid_until")), schedule_type, schedule,
                   \(micros("anchor")), is_active AND owner_is_active FROM qkron.task_schedules ORDER BY id
            """
        ).map { row in
            PeriodRow(
                task: row[0], from: Int(row[1]) ?? 0, until: Int(row[2]),
                cadence: Cadence(kind: row[3], text: row[4]), anchor: Int(row[5]), isActive: row[6] == "t")
        }
        let executions = try await database.rows(
            """
            SELECT id, task_id, trigger, \(micros("scheduled_for")), status, coalesce(reason, ''), attempt_number,
                   earlier_attempts, \(micros("started_at")), \(micros("ended_at")), return_code, retry_of,
                   coalesce(node_name, ''), fencing_token, \(micros("created_at"))
            FROM qkron.executions ORDER BY scheduled_for, id
            """
        ).map { row in
            let earlier = (try? JSON(parsing: Array(row[7].utf8)).items) ?? []
            return ExecutionRow(
                id: row[0], task: row[1], trigger: row[2], slot: Int(row[3]) ?? 0, status: row[4], reason: row[5],
                attempts: Int(row[6]) ?? 0,
                earlier: earlier.map {
                    EarlierAttempt(
                        number: $0["attempt_number"].integer ?? 0, status: $0["status"].string ?? "",
                        reason: $0["reason"].string ?? "")
                },
                startedAt: Int(row[8]), endedAt: Int(row[9]), returnCode: Int(row[10]),
                retryOf: row[11].isEmpty ? nil : row[11], node: row[12], token: Int(row[13]),
                createdAt: Int(row[14]) ?? 0)
        }
        self.init(tasks: tasks, periods: periods, executions: executions, now: now)
    }
}

extension Int {
    /// Microseconds since 1970, written as time of day.
    var asInstant: String {
        let seconds = self / 1_000_000 % 86_400
        return String(
            format: "%02d:%02d:%02d.%06d", seconds / 3600, seconds / 60 % 60, seconds % 60, self % 1_000_000)
    }
}
