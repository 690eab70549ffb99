import Foundation
import TestSupport
import Testing

@testable import Postgres

@Suite struct PoolTests {
    @Test func `no more connections are opened than allowed`() async throws {
        let pool = try await makePool(size: 3)
        let backends = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<40 {
                group.addTask { try await pool.value("SELECT pg_backend_pid() AS value, pg_sleep(0.002)") }
            }
            return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
        }
        #expect(backends.count <= 3)
        #expect(pool.statistics.inUse == 0)
        #expect(pool.statistics.waiting == 0)
        #expect(pool.statistics.idle <= 3)
    }

    @Test func `whoever waits too long for a connection is told so`() async throws {
        let pool = try await makePool(size: 1, connectTimeout: .milliseconds(200))
        try await pool.withTransaction { _ in
            let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
            #expect(error?.kind == .unavailable)
            #expect(error?.message == "No database connection became free in time.")
        }
        #expect(try await pool.value("SELECT 1 AS value", as: Int.self) == 1)
    }

    @Test func `what a transaction does between its statements crosses no threads`() async throws {
        let pool = try await makePool(size: 4)
        let threads = try await withThrowingTaskGroup(of: Set<pthread_t>.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    try await pool.withTransaction { transaction in
                        var seen: Set<pthread_t> = []
                        for _ in 0..<50 {
                            _ = try await transaction.query("SELECT pg_sleep(0.001)")
                            seen.insert(Self.thread)
                            await Task.yield()
                            seen.insert(Self.thread)
                        }
                        return seen
                    }
                }
            }
            return try await group.reduce(into: [Set<pthread_t>]()) { $0.append($1) }
        }
        #expect(threads.map(\.count) == [1, 1, 1, 1])
        #expect(Set(threads.joined()).count == 4, "each has a connection of its own")
    }

    private static var thread: pthread_t { pthread_self() }

    @Test func `a transaction that prefers indexes leaves nothing of that behind`() async throws {
        let pool = try await makePool(size: 1)
        let settings: SQL = """
            SELECT current_setting('enable_seqscan') || ' ' || current_setting('enable_bitmapscan') AS value
            """
        func told(preferringIndexes: Bool) async throws -> String {
            try await pool.withTransaction(preferringIndexes: preferringIndexes) { transaction in
                try await transaction.query(settings).map { try $0.decode("value", as: String.self) }.joined()
            }
        }
        #expect(try await told(preferringIndexes: true) == "off off")
        #expect(try await told(preferringIndexes: false) == "on on")
        #expect(try await pool.value(settings, as: String.self) == "on on")
    }

    @Test(arguments: [false, true])
    func `a plan for whatever parameters is made anew as its table grows`(inTransactions: Bool) async throws {
        var configuration = PostgresConfiguration(url: try await TestCluster.shared().makeDatabase(), poolSize: 1)
        configuration.prefersIndexes = true
        let pool = PostgresPool(configuration, logger: quietLogger)
        try await pool.execute("CREATE TABLE pages (id int PRIMARY KEY) WITH (autovacuum_enabled = off)")
        try await pool.execute("VACUUM ANALYZE pages")
        try await pool.execute(
            "PREPARE found (int[]) AS SELECT p.id FROM unnest($1) AS f (id) JOIN pages p ON p.id = f.id")
        func plan() async throws -> String {
            let explaining: SQL = "EXPLAIN EXECUTE found (NULL)"
            return inTransactions
                ? try await pool.withTransaction { try await $0.plan(explaining) } : try await pool.plan(explaining)
        }
        let first = try await plan()
        #expect(!first.contains("Index Cond"), "an empty table is read whole: \(first)")
        try await pool.execute("INSERT INTO pages SELECT generate_series(1, 100000)")
        try await eventually("the page is looked for") { try await plan().contains("Index Cond: (id = f.id)") }
    }

    @Test func `cancelled waiters leave and lose no connection`() async throws {
        let pool = try await makePool(size: 1)
        try await pool.withTransaction { _ in
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        await #expect(throws: CancellationError.self) { try await pool.query("SELECT 1") }
                    }
                }
                try? await eventually("all wait") { pool.statistics.waiting == 20 }
                group.cancelAll()
            }
        }
        #expect(try await pool.value("SELECT 1 AS value", as: Int.self) == 1)
        #expect(pool.statistics == (idle: 1, inUse: 0, waiting: 0))
    }

    @Test func `cancelling at any moment loses no connection`() async throws {
        let pool = try await makePool(size: 2)
        for round in 0..<100 {
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<6 {
                    // Cancelled or done: both are right here.
                    group.addTask { _ = try? await pool.query("SELECT pg_sleep(0.001)") }
                }
                for _ in 0..<(round % 10) * 20 { await Task.yield() }
                group.cancelAll()
            }
        }
        #expect(pool.statistics.inUse == 0)
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<10 { group.addTask { try await pool.value("SELECT \(number) AS value") } }
            return try await group.reduce(0, +)
        }
        #expect(sum == 45)
    }

    @Test func `a closed pool turns everyone away`() async throws {
        let pool = try await makePool()
        _ = try await pool.query("SELECT 1")
        await pool.close()
        let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
        #expect(error?.kind == .unavailable)
        #expect(pool.statistics.idle == 0)
    }

    @Test func `a connection left in a transaction is dropped`() async throws {
        let pool = try await makePool(size: 1)
        let first: Int = try await pool.value("SELECT pg_backend_pid() AS value")
        try await pool.execute("BEGIN")
        #expect(try await pool.value("SELECT pg_backend_pid() AS value", as: Int.self) != first)
    }
}

@Suite struct TransactionTests {
    private struct Refusal: Error {}

    private func makeTable() async throws -> PostgresPool {
        let pool = try await makePool(size: 2)
        try await pool.execute("CREATE TABLE things (id int PRIMARY KEY)")
        return pool
    }

    private func count(_ pool: PostgresPool) async throws -> Int {
        try await pool.value("SELECT count(*) AS value FROM things")
    }

    @Test func `a body that returns is committed`() async throws {
        let pool = try await makeTable()
        let answer = try await pool.withTransaction { transaction in
            try await transaction.execute("INSERT INTO things VALUES (1)")
            #expect(try await count(pool) == 0)
            return "done"
        }
        #expect(answer == "done")
        #expect(try await count(pool) == 1)
    }

    @Test func `a body that throws is rolled back`() async throws {
        let pool = try await makeTable()
        await #expect(throws: Refusal.self) {
            try await pool.withTransaction { transaction in
                try await transaction.execute("INSERT INTO things VALUES (1)")
                throw Refusal()
            }
        }
        #expect(try await count(pool) == 0)
        #expect(pool.statistics.inUse == 0)
    }

    @Test func `a swallowed failure does not pass for a commit`() async throws {
        let pool = try await makeTable()
        let error = await #expect(throws: PostgresError.self) {
            try await pool.withTransaction { transaction in
                try await transaction.execute("INSERT INTO things VALUES (1)")
                _ = try? await transaction.query("SELECT 1 / 0")
            }
        }
        #expect(error?.sqlState == "25P02")
        #expect(try await count(pool) == 0)
    }

    @Test(arguments: ["SELECT 1 FROM nothing_there", "no statement at all", "SELECT 1 / 0"])
    func `nor does that of the first statement`(text: String) async throws {
        let pool = try await makeTable()
        for preferringIndexes in [false, true] {
            let error = await #expect(throws: PostgresError.self) {
                try await pool.withTransaction(preferringIndexes: preferringIndexes) { transaction in
                    _ = try? await transaction.query(SQL(trusted: text))
                    _ = try? await transaction.execute("INSERT INTO things VALUES (1)")
                }
            }
            #expect(error?.sqlState == "25P02")
            #expect(try await count(pool) == 0)
        }
    }

    @Test func `a transaction whose first statement needs the room of another one is whole`() async throws {
        let pool = try await makePool(size: 1)
        try await pool.execute("CREATE TABLE things (id int PRIMARY KEY)")
        for number in 0..<256 { _ = try await pool.query(SQL(trusted: "SELECT \(number) AS value")) }
        await #expect(throws: Refusal.self) {
            try await pool.withTransaction { transaction in
                try await transaction.execute("INSERT INTO things VALUES (1)")
                throw Refusal()
            }
        }
        #expect(try await count(pool) == 0)
    }

    @Test func `a transaction that has ended refuses statements`() async throws {
        let pool = try await makeTable()
        let leaked = try await pool.withTransaction { $0 }
        await #expect(throws: PostgresError.self) { try await leaked.query("SELECT 1") }
    }

    @Test func `a cancelled transaction is rolled back`() async throws {
        let pool = try await makeTable()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await #expect(throws: CancellationError.self) {
                    try await pool.withTransaction { transaction in
                        try await transaction.execute("INSERT INTO things VALUES (1)")
                        try await transaction.execute("SELECT pg_sleep(60)")
                    }
                }
            }
            try? await eventually("the row is in") {
                try await pool.value(
                    "SELECT count(*) AS value FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'",
                    as: Int.self) == 1
            }
            group.cancelAll()
        }
        #expect(try await count(pool) == 0)
        #expect(pool.statistics.inUse == 0)
    }
}
