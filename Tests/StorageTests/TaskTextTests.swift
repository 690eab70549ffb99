import Domain
import Foundation
import Postgres
import TestSupport
import Testing

@testable import Storage

@Suite struct TaskTextTests {
    private func names(_ part: String, in database: TestDatabase) async throws -> [String] {
        var filter = TaskFilter()
        filter.namePart = part
        return try await database.store.tasks(filter, .slice(skip: 0, limit: 100)).rows.map(\.name).sorted()
    }

    @Test func `a name is found by any part of it, in any case of any script`() async throws {
        let database = try await TestDatabase.make()
        for name in ["\u{C4}rger im Caf\u{E9}", "\u{41F}\u{420}\u{418}\u{412}\u{415}\u{422}", "plain 100%_"] {
            _ = try await database.addTask { $0.name = name }
        }
        for part in ["\u{E4}RGER", "A\u{308}rger", "cafe\u{301}", "CAF\u{C9}", "im c"] {
            #expect(try await names(part, in: database) == ["\u{C4}rger im Caf\u{E9}"], "\(part)")
        }
        #expect(try await names("\u{440}\u{438}\u{432}", in: database).count == 1)
        #expect(try await names("0%_", in: database) == ["plain 100%_"])
        #expect(try await names("%", in: database) == ["plain 100%_"])
        #expect(try await names("argers", in: database).isEmpty)
    }

    @Test func `a name is found by letters that are one in upper case alone`() async throws {
        let database = try await TestDatabase.make()
        for name in ["STRASSE", "Stra\u{DF}e", "\u{3A3}\u{391}\u{3A3}"] {
            _ = try await database.addTask { $0.name = name }
        }
        for part in ["stra\u{DF}e", "strasse", "STRA\u{1E9E}E"] {
            #expect(try await names(part, in: database) == ["STRASSE", "Stra\u{DF}e"], "\(part)")
        }
        for part in ["\u{3C3}\u{3B1}\u{3C2}", "\u{3C3}\u{3B1}\u{3C3}"] {
            #expect(try await names(part, in: database).count == 1, "\(part)")
        }
        // As a server of the version before writes keys.
        try await database.pool.execute("UPDATE qkron.tasks SET name_key = lower(name)")
        #expect(try await names("Stra\u{DF}e", in: database) == ["STRASSE", "Stra\u{DF}e"])
    }

    @Test func `a name moves its key, and one without a key is found as before`() async throws {
        let database = try await TestDatabase.make()
        var task = try await database.addTask { $0.name = "\u{C4}lter" }
        task.name = "J\u{DC}NGER"
        try await database.store.update(task, timingChangedAt: nil, at: try await database.second())
        #expect(try await names("j\u{FC}nger", in: database).count == 1)
        #expect(try await names("\u{E4}lter", in: database).isEmpty)
        try await database.pool.execute("UPDATE qkron.tasks SET name_key = NULL")
        #expect(try await names("NGER", in: database).count == 1)
        #expect(try await names("j\u{DC}nger", in: database).count == 1)
    }

    @Test(arguments: [
        "1e20", "1.5e3", "-0.0", "0.1", "5e-324", "1.7976931348623157e308", "9007199254740993", "-9223372036854775808",
        "[1e400]", "{\"\u{E9}\":1,\"e\u{301}\":[{}]}",
    ])
    func `metadata comes back as the value that was sent`(text: String) async throws {
        let database = try await TestDatabase.make()
        let sent = JSONValue.object(["kept": try JSONValue.parse(text.utf8)])
        let task = try await database.addTask { $0.metadata = sent }
        #expect(try await database.task(task).metadata == sent)
        var changed = task
        changed.metadata = .object(["other": sent])
        try await database.store.update(changed, timingChangedAt: nil, at: try await database.second())
        #expect(try await database.task(task).metadata == ["other": sent])
    }

    @Test func `metadata of the schema before stays what it was`() async throws {
        let pool = try await makePool()
        let earlier = Schema.migrations.filter { $0.number < 5 }
        _ = try await Migrator(earlier).migrate(pool)
        try await pool.execute(
            """
            INSERT INTO qkron.users (id, email, email_key, username, username_key, password_hash, role)
            VALUES (gen_random_uuid(), 'a@b.org', 'a@b.org', 'a', 'a', '*', 'user')
            """)
        try await pool.execute(
            """
            INSERT INTO qkron.tasks (
                id, owner_id, name, task_type, parameters, schedule_type, schedule, timezone, timing_since,
                misfire_policy, misfire_grace, overlap_policy, timeout, max_retries, retry_delay, retry_backoff,
                priority, tags, metadata, is_active, status, created_at, updated_at)
            SELECT gen_random_uuid(), id, 'OLD', 'command', '{"command": "true"}', 'cron', '@daily', 'UTC', now(),
                   'fire_once', 60, 'skip', 300, 3, 60, 'fixed', 5, '{}', '{"a": [1, 2.50, "x"]}', true, 'pending',
                   now(), now()
            FROM qkron.users
            """)
        _ = try await Migrator(Schema.migrations).migrate(pool)
        var filter = TaskFilter()
        filter.namePart = "old"
        let found = try await Database(pool).store.tasks(filter, .slice(skip: 0, limit: 10)).rows
        #expect(found.map(\.metadata) == [["a": [1, 2.5, "x"]]])
        await pool.close()
    }
}
