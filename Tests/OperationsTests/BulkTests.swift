import Domain
import Foundation
import Postgres
import Storage
import TestSupport
import Testing

@testable import Operations

@Suite struct BulkTests {
    private func standings(_ operations: TestOperations) async throws -> [String] {
        try await operations.database.pool.query(
            """
            SELECT t.name || ' ' || t.status || CASE WHEN t.is_active THEN ' active' ELSE '' END
                   || CASE WHEN t.next_run IS NULL THEN '' ELSE ' due' END AS line
            FROM qkron.tasks t ORDER BY t.name
            """
        ).map { try $0.decode("line") }
    }

    private func make(_ name: String, _ tags: [String], _ operations: TestOperations, as user: User) async throws
        -> TaskDefinition
    {
        try await operations.tasks.create(
            operations.draft {
                $0.name = .value(name)
                $0.tags = .value(tags)
            }, as: Caller(user))
    }

    @Test func `tasks that carry all tags are paused and resumed together`() async throws {
        let operations = try await TestOperations()
        let (tasks, alice) = (operations.tasks, Caller(operations.alice))
        let both = try await make("a", ["x", "y"], operations, as: operations.alice)
        _ = try await make("b", ["x"], operations, as: operations.alice)
        _ = try await make("c", ["x", "y"], operations, as: operations.bob)
        let cancelled = try await make("d", ["x", "y"], operations, as: operations.alice)
        _ = try await operations.change(cancelled) { $0.cancels = true }
        #expect(try await tasks.bulk(.pause, .tagged(["y", "x"]), as: alice) == 2)
        #expect(
            try await standings(operations) == [
                "a pending", "b pending active due", "c pending active due", "d cancelled",
            ])
        #expect(try await tasks.bulk(.pause, .tagged(["x"]), as: Caller(operations.root)) == 4)
        #expect(try await standings(operations) == ["a pending", "b pending", "c pending", "d cancelled"])
        #expect(try await tasks.bulk(.resume, .tagged(["y"]), as: alice) == 2)
        #expect(
            try await standings(operations)
                == ["a pending active due", "b pending", "c pending", "d pending active due"])
        #expect(try await operations.history(both).count == 3)
        #expect(try await tasks.bulk(.resume, .tagged(["none"]), as: alice) == 0)
        let told = try await operations.database.pool.query(
            "SELECT action FROM qkron.audit WHERE resource_id = \(both.id.description) AND action LIKE '%bulk%' ORDER BY id"
        ).map { try $0.decode("action", as: String.self) }
        #expect(told == ["task.bulk_pause", "task.bulk_resume"])
        let resumed: String = try await operations.database.pool.value(
            """
            SELECT changes::text AS value FROM qkron.audit
            WHERE resource_id = \(cancelled.id.description) AND action = 'task.bulk_resume'
            """)
        #expect(
            resumed == #"{"status": {"to": "pending", "from": "cancelled"}, "is_active": {"to": true, "from": false}}"#)
    }

    @Test func `the tasks of disabled owners rest, though they are resumed`() async throws {
        let operations = try await TestOperations()
        _ = try await make("a", ["x"], operations, as: operations.alice)
        _ = try await operations.tasks.bulk(.pause, .tagged(["x"]), as: Caller(operations.alice))
        try await operations.database.pool.execute("UPDATE qkron.users SET is_active = false WHERE username = 'alice'")
        #expect(try await operations.tasks.bulk(.resume, .tagged(["x"]), as: Caller(operations.root)) == 1)
        #expect(try await standings(operations) == ["a pending active"])
    }

    @Test func `of tasks named by id all are changed, or none`() async throws {
        let operations = try await TestOperations()
        let (tasks, alice) = (operations.tasks, Caller(operations.alice))
        let mine = try await make("a", [], operations, as: operations.alice)
        let other = try await make("b", [], operations, as: operations.alice)
        let foreign = try await make("c", [], operations, as: operations.bob)
        for id in [foreign.id, Identifier()] {
            for action in BulkAction.allCases {
                await expectRefused(.notFound) { try await tasks.bulk(action, .ids([mine.id, id]), as: alice) }
            }
        }
        #expect(
            try await standings(operations)
                == ["a pending active due", "b pending active due", "c pending active due"])
        let execution = try await tasks.execute(mine.id, as: alice)
        #expect(try await tasks.bulk(.delete, .ids([mine.id, other.id]), as: alice) == 2)
        #expect(try await standings(operations) == ["c pending active due"])
        await expectRefused(.notFound) { try await operations.executions.find(execution, as: alice) }
        #expect(
            try await operations.database.pool.value(
                """
                SELECT string_agg(changes #>> '{name,from}', ' ' ORDER BY changes #>> '{name,from}') AS value
                FROM qkron.audit WHERE action = 'task.bulk_delete' AND changes #>> '{schedule,from}' = '0 4 * * *'
                """, as: String.self) == "a b")
    }

    @Test func `whoever owns no tasks chooses none`() async throws {
        let operations = try await TestOperations(commandRoles: [.user, .superuser, .service])
        let task = try await make("a", ["x"], operations, as: operations.alice)
        let viewer = try await operations.database.addUser("vera", role: .viewer)
        for caller in [Caller(.anonymous), Caller(.service), Caller(.console), Caller(viewer)] {
            for choice in [BulkChoice.tagged(["x"]), .ids([task.id])] {
                await expectRefused(.roleRequired) { try await operations.tasks.bulk(.pause, choice, as: caller) }
            }
        }
        #expect(try await standings(operations) == ["a pending active due"])
    }

    @Test(.timeLimit(.minutes(5)))
    func `others' tasks are not waited for`() async throws {
        let operations = try await TestOperations()
        let foreign = try await make("a", [], operations, as: operations.bob)
        try await operations.database.database.transaction { store in
            _ = try await store.lockTask(foreign.id)
            await expectRefused(.notFound) {
                try await operations.tasks.bulk(.pause, .ids([foreign.id]), as: Caller(operations.alice))
            }
        }
    }

    @Test func `ten thousand tasks are changed at once, and not one more`() async throws {
        let operations = try await TestOperations()
        let alice = Caller(operations.alice)
        let first = try await make("a", ["x"], operations, as: operations.alice)
        func add(_ count: Int) async throws {
            try await operations.database.pool.execute(
                """
                INSERT INTO qkron.tasks
                SELECT (jsonb_populate_record(t, jsonb_build_object('id', gen_random_uuid()))).*
                FROM qkron.tasks t, generate_series(1, \(count))
                WHERE t.id = \(first.id.uuid)
                """)
        }
        try await add(9_999)
        #expect(try await operations.tasks.bulk(.pause, .tagged(["x"]), as: alice) == 10_000)
        #expect(try await operations.tasks.bulk(.resume, .tagged(["x"]), as: alice) == 10_000)
        try await add(1)
        #expect(
            await faults { try await operations.tasks.bulk(.delete, .tagged(["x"]), as: alice) } == [
                "tags: value_error"
            ])
        try await operations.tasks.delete(first.id, as: alice)
        #expect(try await operations.tasks.bulk(.delete, .tagged(["x"]), as: alice) == 10_000)
        let told: [String: Int] = try await operations.database.pool.query(
            "SELECT action, count(DISTINCT resource_id) AS number FROM qkron.audit WHERE action LIKE '%bulk%' GROUP BY action"
        ).reduce(into: [:]) { $0[try $1.decode("action")] = try $1.decode("number") }
        #expect(told == ["task.bulk_pause": 10_000, "task.bulk_resume": 10_000, "task.bulk_delete": 10_000])
    }
}
