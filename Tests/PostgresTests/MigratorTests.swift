import TestSupport
import Testing

@testable import Postgres

@Suite struct MigratorTests {
    private let first = Migration(number: 1, name: "things", sql: "CREATE TABLE qkron.things (id int); SELECT 1")
    private let second = Migration(
        number: 2, name: "more", sql: "INSERT INTO qkron.things VALUES (1); SELECT pg_sleep(0.05)")

    private func count(_ pool: PostgresPool) async throws -> Int {
        try await pool.value("SELECT count(*) AS value FROM qkron.things")
    }

    @Test func `migrations are applied once and in order`() async throws {
        let pool = try await makePool()
        #expect(try await Migrator([first]).migrate(pool) == [1])
        #expect(try await Migrator([first, second]).migrate(pool) == [2])
        #expect(try await Migrator([first, second]).migrate(pool).isEmpty)
        #expect(try await count(pool) == 1)
        let checksum: String = try await pool.value(
            "SELECT checksum AS value FROM qkron.schema_migrations WHERE number = 1 AND name = 'things'")
        #expect(checksum.count == 64)
    }

    @Test func `servers that start at once apply each migration once`() async throws {
        let url = try await TestCluster.shared().makeDatabase()
        let migrator = Migrator([first, second])
        let applied = try await withThrowingTaskGroup(of: [Int].self) { group in
            for _ in 0..<4 {
                let pool = PostgresPool(PostgresConfiguration(url: url), logger: quietLogger)
                group.addTask { try await migrator.migrate(pool) }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(applied.sorted() == [1, 2])
    }

    @Test func `a failing migration leaves nothing`() async throws {
        let pool = try await makePool()
        let broken = Migration(number: 1, name: "broken", sql: "CREATE TABLE qkron.half (id int); SELECT nonsense")
        let error = await #expect(throws: PostgresError.self) { try await Migrator([broken]).migrate(pool) }
        #expect(error?.sqlState == "42703")
        #expect(try await pool.value("SELECT to_regnamespace('qkron') IS NULL AS value", as: Bool.self))
    }

    @Test func `a migration that ends its transaction is refused`() async throws {
        let pool = try await makePool()
        let error = await #expect(throws: PostgresError.self) {
            try await Migrator([Migration(number: 1, name: "x", sql: "SELECT 1; ROLLBACK")]).migrate(pool)
        }
        #expect(error?.sqlState == "25P01")
    }

    @Test func `a changed migration is refused`() async throws {
        let pool = try await makePool()
        _ = try await Migrator([first]).migrate(pool)
        let changed = Migration(number: 1, name: "things", sql: first.sql + " ")
        await #expect(throws: MigrationError.changed(number: 1, name: "things")) {
            try await Migrator([changed, second]).migrate(pool)
        }
    }

    @Test func `a newer database is refused`() async throws {
        let pool = try await makePool()
        _ = try await Migrator([first, second]).migrate(pool)
        let error = await #expect(throws: MigrationError.self) { try await Migrator([first]).migrate(pool) }
        #expect(
            error?.description
                == """
                This database was migrated to version 2 by a newer qkron; this one knows up to 1. Upgrade the binary.
                """)
    }

    @Test func `gaps are refused`() async throws {
        let pool = try await makePool()
        await #expect(throws: MigrationError.misnumbered(expected: 1, found: 2)) {
            try await Migrator([second]).migrate(pool)
        }
        _ = try await Migrator([first, second]).migrate(pool)
        try await pool.execute("DELETE FROM qkron.schema_migrations WHERE number = 1")
        await #expect(throws: MigrationError.gap(missing: 1)) { try await Migrator([first, second]).migrate(pool) }
    }

    @Test func `migrations may outlast the statement timeout`() async throws {
        let pool = try await makePool(statementTimeout: .milliseconds(200))
        let slow = Migration(number: 1, name: "slow", sql: "SELECT pg_sleep(0.5)")
        #expect(try await Migrator([slow]).migrate(pool) == [1])
        await #expect(throws: PostgresError.self) { try await pool.query("SELECT pg_sleep(5)") }
    }
}
