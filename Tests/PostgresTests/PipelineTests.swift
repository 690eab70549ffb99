import Foundation
import TestSupport
import Testing

@testable import Postgres

/// Reads of many callers over one connection.
@Suite struct PipelineTests {
    private let pool: PostgresPool

    init() async throws {
        pool = try await makePool()
    }

    private func value(_ number: Int) async throws -> Int {
        let rows = try await pool.read("SELECT \(number)::int8 AS value")
        return try #require(rows.first).decode("value")
    }

    @Test func `each of many callers gets the answer to its own question`() async throws {
        try await withThrowingTaskGroup(of: (Int, Int).self) { group in
            for number in 0..<2_000 { group.addTask { (number, try await value(number)) } }
            for try await (asked, answered) in group { #expect(asked == answered) }
        }
        await pool.close()
    }

    @Test func `lookups that wait together find each its own row, or none`() async throws {
        try await pool.execute("CREATE TABLE keyed (id uuid PRIMARY KEY, number int8)")
        let ids = (0..<500).map { _ in UUID() }
        try await pool.execute(
            """
            INSERT INTO keyed SELECT id, number FROM unnest(\(ids)) WITH ORDINALITY AS v (id, number)
            """)
        let lookup = Lookup(by: "id") { "SELECT number, id FROM keyed WHERE id = ANY(\($0))" }
        let other = Lookup(by: "key") { "SELECT -number AS number, id AS key FROM keyed WHERE id = ANY(\($0))" }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, id) in (ids + ids).enumerated() {
                group.addTask {
                    let number = index % ids.count + 1
                    let row = try await pool.find(id, by: index.isMultiple(of: 2) ? lookup : other)
                    let found: Int = try #require(row).decode("number")
                    #expect(found == (index.isMultiple(of: 2) ? number : -number))
                }
                group.addTask {
                    let row = try await pool.find(UUID(), by: lookup)
                    #expect(row == nil)
                }
            }
            try await group.waitForAll()
        }
        let missing = Lookup(by: "id") { "SELECT id FROM nothing_there WHERE id = ANY(\($0))" }
        let error = await #expect(throws: PostgresError.self) { try await pool.find(ids[0], by: missing) }
        #expect(error?.sqlState == "42P01")
        await pool.close()
    }

    @Test func `a read that fails takes no other with it`() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<50 {
                group.addTask {
                    let answer = try await value(number)
                    #expect(answer == number)
                }
                group.addTask {
                    let zero = 0
                    let error = await #expect(throws: PostgresError.self) {
                        _ = try await pool.read("SELECT 1 / \(zero)::int8 AS value")
                    }
                    #expect(error?.sqlState == "22012")
                }
            }
            try await group.waitForAll()
        }
        await pool.close()
    }

    @Test func `a write is refused`() async throws {
        let error = await #expect(throws: PostgresError.self) {
            _ = try await pool.read("CREATE TABLE t (x int)")
        }
        #expect(error?.sqlState == "25006")
        await pool.close()
    }

    @Test func `reads go on when the connection is lost, and when the tables change`() async throws {
        try await pool.execute("CREATE TABLE things (id int PRIMARY KEY, name text)")
        try await pool.execute("INSERT INTO things VALUES (1, 'one')")
        let read: SQL = "SELECT * FROM things WHERE id = \(1)"
        let before = try await pool.read(read)
        #expect(try before.first?.decode("name", as: String.self) == "one")
        try await pool.execute("ALTER TABLE things ADD COLUMN more int DEFAULT 7")
        let after = try await pool.read(read)
        #expect(try after.first?.decode("more", as: Int.self) == 7)
        _ = try await pool.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        for _ in 0..<20 {
            let rows = try await pool.read(read)
            #expect(rows.count == 1)
        }
        await pool.close()
    }

    @Test func `a read whose session hangs is asked anew over a new connection`() async throws {
        let pool = try await makePool(statementTimeout: .seconds(1))
        let backend = try #require(try await pool.read("SELECT pg_backend_pid()::int8 AS value").first)
        let process = try Int32(backend.decode("value", as: Int.self))
        #expect(kill(process, SIGSTOP) == 0)
        defer { kill(process, SIGCONT) }
        #expect(try await pool.read("SELECT 1 AS value").first?.decode("value", as: Int.self) == 1)
        #expect(try await pool.read("SELECT 2 AS value").first?.decode("value", as: Int.self) == 2)
    }

    @Test func `after the pool is closed nothing is read`() async throws {
        let answer = try await value(1)
        #expect(answer == 1)
        await pool.close()
        await #expect(throws: PostgresError.self) { _ = try await value(2) }
    }
}
