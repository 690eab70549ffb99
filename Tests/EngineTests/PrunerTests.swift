import Domain
import Foundation
import Logging
import Postgres
import ServiceLifecycle
import Storage
import Synchronization
import TestSupport
import Testing

@testable import Engine

/// The loop that sweeps, beside others.
@Suite struct PrunerTests {
    private let retention = Retention(executionDays: 90, executionsPerTask: nil, outputDays: nil, auditDays: nil)

    private func whilePruning(
        _ database: TestDatabase, servers: Int = 1, logger: Logger = quietLogger,
        _ body: () async throws -> Void
    ) async throws {
        let pools = (0..<servers).map { _ in database.secondPool(prefersIndexes: true) }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: pools.map {
                    Pruner(retention: retention, database: Database($0), pause: .milliseconds(50), logger: logger)
                }, logger: quietLogger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            do { try await body() } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        for pool in pools { await pool.close() }
    }

    private func addMany(_ count: Int, of task: TaskDefinition, _ database: TestDatabase) async throws {
        try await database.pool.execute(
            """
            INSERT INTO qkron.executions (
                id, task_id, trigger, scheduled_for, status, priority, not_before, created_at, started_at, ended_at)
            SELECT (lpad(to_hex(floor(extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7'
                    || substr(md5(i::text), 1, 3) || '8' || substr(md5(i::text), 4, 15))::uuid,
                   \(task.id.uuid), 'schedule', at, 'completed', 5, at, at, at, at
            FROM generate_series(1, \(count)) AS i, LATERAL (SELECT now() - interval '100 days' - i * interval '1 s' AS at) m
            """)
    }

    @Test func `what grows old later goes with a later sweep`() async throws {
        let database = try await TestDatabase.make()
        let task = try await database.addTask()
        try await whilePruning(database) {
            for _ in 1...2 {
                _ = try await database.addPast(of: task, daysAgo: 100)
                let latest = try await database.addPast(of: task, daysAgo: 99)
                try await eventually("only the latest is left") {
                    try await database.executions(of: task).map(\.id) == [latest]
                }
            }
        }
    }

    @Test func `one server prunes at a time, and the next one waits its pause after it`() async throws {
        let database = try await TestDatabase.make()
        @Sendable func turn(after pause: Int?) async throws -> Bool {
            try await database.database.transaction { try await $0.takePruningTurn(after: pause) }
        }
        let (first, second) = try await database.database.transaction { holder in
            (try await holder.takePruningTurn(after: nil), try await turn(after: nil))
        }
        #expect(first && !second)
        #expect(try await turn(after: 600), "the turn ended with its transaction, and nobody has swept yet")
        try await database.store.notePruning()
        #expect(try await !turn(after: 600))
        #expect(try await turn(after: nil))
        #expect(try await turn(after: 0))
    }

    @Test func `a turn outlasts the patience with silent transactions`() async throws {
        let database = try await TestDatabase.make()
        var hasty = database.configuration
        hasty.statementTimeout = .seconds(1)
        let pool = PostgresPool(hasty, logger: quietLogger)
        try await Database(pool).transaction { turn in
            #expect(try await turn.takePruningTurn(after: nil))
            try await Task.sleep(for: .seconds(3))  // PostgreSQL could end it.
            try await turn.notePruning()
        }
        await pool.close()
    }

    @Test func `two servers share the work, and whoever is left goes on`() async throws {
        let database = try await TestDatabase.make(poolSize: 6)
        let task = try await database.addTask()
        try await addMany(5_000, of: task, database)
        let latest = try await database.addPast(of: task, daysAgo: 1)
        try await whilePruning(database, servers: 2) {
            try await eventually("only the latest is left", within: .seconds(60)) {
                try await database.executions(of: task).map(\.id) == [latest]
            }
        }
    }

    @Test func `a pruner that fails goes on when it can`() async throws {
        let database = try await TestDatabase.make()
        let task = try await database.addTask()
        try await addMany(10, of: task, database)
        let latest = try await database.addPast(of: task, daysAgo: 1)
        try await database.pool.execute("ALTER TABLE qkron.tasks RENAME COLUMN pruned_before TO hidden")
        let log = MessageLog()
        try await whilePruning(database, logger: log.logger) {
            try await eventually("it has failed") { log.messages == ["A loop failed and tries again"] }
            try await database.pool.execute("ALTER TABLE qkron.tasks RENAME COLUMN hidden TO pruned_before")
            try await eventually("only the latest is left") {
                try await database.executions(of: task).map(\.id) == [latest]
            }
            try await eventually("it says so") {
                log.messages == ["A loop failed and tries again", "A loop is well again"]
            }
        }
    }

    @Test func `slots fire and run while much is pruned`() async throws {
        let database = try await TestDatabase.make(poolSize: 6)
        let start = try await database.second()
        let old = try await database.addTask()
        try await addMany(10_000, of: old, database)
        var tasks: [TaskDefinition] = []
        for _ in 0..<5 {
            let task = try await database.addTask { task in
                task.timing = TaskTiming(
                    kind: .interval, text: "1s", timezone: "UTC", startsAt: nil, endsAt: nil, anchor: start, onceAt: nil
                )
                task.nextRun = start.addingTimeInterval(1)
                task.overlapPolicy = .queue
            }
            try await addMany(1_000, of: task, database)
            tasks.append(task)
        }
        try await TestEngine(database).whileRunning {
            try await whilePruning(database) {
                // A pruner on a machine that others load takes its smallest batches, and rests long after each.
                try await eventually(
                    "all that is old has gone, but for the one that is the latest", within: .seconds(240)
                ) {
                    try await database.pool.value(
                        """
                        SELECT count(*) = 1 AS value FROM qkron.executions
                        WHERE created_at < now() - interval '90 days'
                        """
                    )
                }
                try await eventually("slots have run") {
                    try await database.executions(of: tasks[0]).count { $0.status == .completed } >= 4
                }
            }
        }
        for task in tasks {
            let slots = try await database.executions(of: task).map(\.scheduledFor)
            #expect(slots == slots.indices.map { start.addingTimeInterval(Double($0) + 1) })
        }
    }
}

/// What is logged, but for details.
private final class MessageLog: Sendable {
    private let lines = Mutex<[String]>([])

    var messages: [String] { lines.withLock(\.self) }

    var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }

    private struct Handler: LogHandler {
        let log: MessageLog
        var logLevel = Logger.Level.notice
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            log.lines.withLock { $0.append("\(event.message)") }
        }
    }
}
