import Foundation
import TestSupport
import Testing

@testable import Postgres

@Suite struct StatementTests {
    @Test func `a statement is prepared once per connection and text`() async throws {
        let pool = try await makePool(size: 1)
        for number in 1...5 { _ = try await pool.query("SELECT \(number) + 1 AS value") }
        let count: Int = try await pool.value(
            "SELECT count(*) AS value FROM pg_prepared_statements WHERE statement LIKE '%+ 1%' AND generic_plans + custom_plans = 5"
        )
        #expect(count == 1)
    }

    @Test func `no connection keeps more than 256 prepared statements`() async throws {
        let pool = try await makePool(size: 1)
        for number in 0..<300 { _ = try await pool.query(SQL(trusted: "SELECT \(number) AS value")) }
        let count: Int = try await pool.value("SELECT count(*) AS value FROM pg_prepared_statements")
        #expect(count == 256)
        #expect(try await pool.value("SELECT 299 AS value", as: Int.self) == 299)
    }

    @Test func `affected rows are counted`() async throws {
        let pool = try await makePool()
        try await pool.execute("CREATE TABLE things (id int PRIMARY KEY)")
        #expect(try await pool.execute("INSERT INTO things SELECT generate_series(1, 5)") == 5)
        #expect(try await pool.execute("DELETE FROM things WHERE id > \(3)") == 2)
        #expect(try await pool.query("SELECT id FROM things WHERE id > \(99)").isEmpty)
    }

    @Test func `a table changed under a prepared statement costs nothing`() async throws {
        let pool = try await makePool(size: 1)
        try await pool.execute("CREATE TABLE things (a int)")
        try await pool.execute("INSERT INTO things VALUES (1)")
        _ = try await pool.query("SELECT * FROM things")
        try await pool.execute("ALTER TABLE things ADD b text DEFAULT 'new'")
        let rows = try await pool.query("SELECT * FROM things")
        #expect(try rows[0].decode("b", as: String.self) == "new")
    }

    @Test func `a violated constraint is named, its values are not`() async throws {
        let pool = try await makePool()
        try await pool.execute("CREATE TABLE things (name text CONSTRAINT name_taken UNIQUE)")
        try await pool.execute("INSERT INTO things VALUES (\("hush-hush"))")
        let error = await #expect(throws: PostgresError.self) {
            try await pool.execute("INSERT INTO things VALUES (\("hush-hush"))")
        }
        #expect(error?.isUniqueViolation == true)
        #expect(error?.constraint == "name_taken")
        #expect(error?.kind == .statement(sqlState: "23505"))
        #expect(error?.description.contains("hush") == false)
    }

    @Test(arguments: ["53100", "53200", "53400", "58030", "57P03"])
    func `a server that has no disk or memory left counts as unavailable`(sqlState: String) async throws {
        let pool = try await makePool()
        try await pool.execute(
            """
            CREATE FUNCTION refuse(state text) RETURNS void LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION USING ERRCODE = state; END $$
            """)
        let error = await #expect(throws: PostgresError.self) {
            try await pool.execute("SELECT refuse(\(sqlState))")
        }
        #expect(error?.kind == .unavailable)
    }

    @Test func `a malformed value is not repeated`() async throws {
        let pool = try await makePool()
        let error = await #expect(throws: PostgresError.self) {
            try await pool.query("SELECT \("hush-hush")::text::uuid")
        }
        #expect(error?.description == "invalid input syntax for type uuid [22P02]")
    }

    @Test func `a statement that takes too long is ended`() async throws {
        let pool = try await makePool(size: 1, statementTimeout: .milliseconds(100))
        let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT pg_sleep(600)") }
        #expect(error?.kind == .timeout)
        #expect(try await pool.value("SELECT 1 AS value", as: Int.self) == 1)
    }

    @Test func `a large value passes both ways`() async throws {
        let pool = try await makePool(size: 1)
        let text = String(repeating: "0123456789", count: 200_000)
        #expect(try await pool.value("SELECT \(text) AS value") == text)
    }

    @Test(.timeLimit(.minutes(2))) func `a cancelled statement is ended and its connection stays`() async throws {
        let pool = try await makePool(size: 1)
        let backend: Int = try await pool.value("SELECT pg_backend_pid() AS value")
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await #expect(throws: CancellationError.self) { try await pool.query("SELECT pg_sleep(60)") }
            }
            try? await eventually("the statement is under way") { pool.statistics.inUse == 1 }
            group.cancelAll()
        }
        #expect(try await pool.value("SELECT pg_backend_pid() AS value", as: Int.self) == backend)
    }

    @Test func `a backend that stops answering is given up`() async throws {
        let pool = try await makePool(size: 1, statementTimeout: .milliseconds(100))
        let backend: Int = try await pool.value("SELECT pg_backend_pid() AS value")
        kill(pid_t(backend), SIGSTOP)
        defer { kill(pid_t(backend), SIGCONT) }
        let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
        #expect(error?.kind == .unavailable)
        #expect(try await pool.value("SELECT pg_backend_pid() AS value", as: Int.self) != backend)
    }

    @Test func `threads end with their connections`() async throws {
        let url = try await TestCluster.shared().makeDatabase()
        weak var thread: ConnectionThread?
        do {
            let connection = try await PostgresConnection.connect(PostgresConfiguration(url: url))
            thread = connection.thread
            #expect(try await connection.value("SELECT 1 AS value", as: Int.self) == 1)
        }
        try await eventually("the thread has ended") { thread == nil }
        let observer = PostgresPool(PostgresConfiguration(url: url), logger: quietLogger)
        try await eventually("its backend is gone") {
            let others: Int = try await observer.value(
                "SELECT count(*) AS value FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            return others == 0
        }
    }
}
