import Domain
import Foundation
import TestSupport
import Testing

@testable import Postgres
@testable import Storage

@Suite struct SchemaTests {
    @Test func `the migrations land on an empty database, once`() async throws {
        let pool = try await makePool()
        #expect(try await Migrator(Schema.migrations).migrate(pool) == Schema.migrations.map(\.number))
        #expect(try await Migrator(Schema.migrations).migrate(pool) == [])
        let tables: [String] = try await pool.query(
            "SELECT tablename::text AS value FROM pg_tables WHERE schemaname = 'qkron' ORDER BY tablename"
        ).map { try $0.decode("value") }
        #expect(
            tables == [
                "api_keys", "audit", "deliveries", "execution_output", "executions", "live_output", "login_addresses",
                "login_failures",
                "nodes", "output_watches", "scheduler_pauses", "schema_migrations", "settings", "task_schedules",
                "tasks",
                "users",
            ])
    }

    @Test func `nodes and tasks of the version before go on, and epochs with them`() async throws {
        let pool = try await makePool()
        #expect(try await Migrator(Array(Schema.migrations.prefix(3))).migrate(pool) == [1, 2, 3])
        let id = Identifier<Node>()
        try await pool.execute(
            """
            INSERT INTO qkron.nodes (id, name, epoch, version, capacity, lease_seconds, lease_expires_at, started_at,
                                     last_seen_at)
            VALUES (\(id.uuid), 'old', 40, '0', 1, 15, now(), now(), now())
            """)
        #expect(
            try await Migrator(Schema.migrations).migrate(pool) == Schema.migrations.map(\.number).filter { $0 > 3 })
        let store = Store(session: pool)
        #expect(try await store.nodes().map(\.labels) == [[]])
        let another = try await store.register(
            Identifier(), name: "new", version: "1", labels: ["x"], capacity: 1, leaseSeconds: 15)
        #expect(another.node.epoch > 40 && !another.isDraining)
        let again = try await store.register(id, name: "old", version: "1", labels: [], capacity: 1, leaseSeconds: 15)
        #expect(again.node.epoch > 40)
    }

    @Test func `rows of the audit log stay, and servers of the version before go on writing theirs`() async throws {
        let pool = try await makePool()
        let last = try #require(Schema.migrations.first { $0.name == "audit_keys" })
        _ = try await Migrator(Array(Schema.migrations.prefix { $0.number < last.number })).migrate(pool)
        let key = UUID()
        let earlier: SQL = """
            INSERT INTO qkron.audit (id, actor_type, actor_id, actor_name, action, resource_type)
            VALUES (gen_random_uuid(), 'api_key', \(key), 'alice', 'task.create', 'task')
            """
        try await pool.execute(earlier)
        _ = try await Migrator(Schema.migrations).migrate(pool)
        try await pool.execute(earlier)
        var filter = AuditFilter()
        filter.actor = Identifier(key)
        let rows = try await Store(session: pool).audit(filter, .slice(skip: 0, limit: 9)).rows
        #expect(rows.map(\.actorName) == ["alice", "alice"] && rows.allSatisfy { $0.key == nil })
    }

    @Test func `long output of the version before gets its excerpts`() async throws {
        let pool = try await makePool()
        let excerpts = try #require(Schema.migrations.first { $0.name == "excerpts" })
        let before = Schema.migrations.prefix { $0.number < excerpts.number }
        _ = try await Migrator(Array(before)).migrate(pool)
        // Rows without executions: what the migration does to them is the same.
        try await pool.execute(
            "ALTER TABLE qkron.execution_output DROP CONSTRAINT execution_output_execution_id_fkey")
        try await pool.execute(
            """
            INSERT INTO qkron.execution_output (execution_id, stdout, stderr, stdout_truncated, stderr_truncated)
            SELECT gen_random_uuid(), stdout, stderr, false, false
            FROM (VALUES ('short', 'short'), (repeat('a', 20000) || repeat('é', 20000), 'short'),
                         ('short', repeat('b', 16385)), (repeat('c', 16384), ''))
                 AS v (stdout, stderr)
            """)
        _ = try await Migrator(Schema.migrations).migrate(pool)
        let told = try await pool.query(
            """
            SELECT left(stdout, 1) || left(stderr, 1) || ':' || concat_ws(
                       ' ', left(stdout_head, 1) || octet_length(stdout_head), left(stdout_tail, 1) || octet_length(stdout_tail),
                       left(stderr_head, 1) || octet_length(stderr_head), left(stderr_tail, 1) || octet_length(stderr_tail))
                   AS value
            FROM qkron.execution_output ORDER BY 1
            """
        ).map { try $0.decode("value", as: String.self) }
        #expect(told == ["as:a8192 é16384", "c:", "sb:b8192 b8192", "ss:"])
    }

    @Test func `a slot has one execution, whoever inserts it`() async throws {
        let database = try await TestDatabase.make()
        let task = try await database.addTask()
        let slot = try await database.store.now()
        _ = try await database.addRun(of: task, slot: slot)
        _ = try await database.addRun(of: task, slot: slot)
        _ = try await database.addRun(of: task, slot: slot, trigger: .retry)
        _ = try await database.addRun(of: task, slot: slot, trigger: .manual)
        #expect(
            try await database.executions(of: task).map(\.trigger.rawValue).sorted() == ["manual", "retry", "schedule"])
    }

    @Test func `two exclusive runs of one task cannot both be running`() async throws {
        let database = try await TestDatabase.make()
        let task = try await database.addTask()
        let node = try await database.addNode()
        for slot in [1.0, 2] { _ = try await database.addRun(of: task, slot: Date(timeIntervalSince1970: slot)) }
        #expect(try await database.claim(for: node).count == 1)
        let error = await #expect(throws: PostgresError.self) {
            try await database.pool.execute(
                """
                UPDATE qkron.executions
                SET status = 'running', is_exclusive = true, node_id = \(node.id.uuid), fencing_token = 99,
                    started_at = clock_timestamp()
                """)
        }
        #expect(error?.constraint == "executions_exclusive")
    }

    @Test func `the hot statements read their indexes`() async throws {
        let database = try await TestDatabase.make()
        let task = try await database.addTask()
        try await fill(database, task)
        let unfinished: SQL = """
            SELECT count(*) FROM qkron.executions
            WHERE task_id = \(task.id.uuid) AND status IN ('pending', 'running')
            """
        let busy: SQL = "SELECT FROM qkron.executions e WHERE e.status = 'running' AND e.node_id = \(UUID())"
        let due = try await enginePlan(of: Store.lockingDueTasks(limit: 200), in: database)
        #expect(due.contains("tasks_due"), "\(due)")
        #expect(due.contains("Index Cond: (next_run <= (statement_timestamp() + make_interval"), "\(due)")
        let settled = try await enginePlan(of: Store.lockingTasksToSettle(of: nil, [.user], limit: 9), in: database)
        #expect(settled.contains("task_schedules_resting") && settled.contains("tasks_by_owner"), "\(settled)")
        let ready = try await enginePlan(of: Store.lockingClaimable(labels: [], limit: 10, taskLimit: 5), in: database)
        // What runs is counted once, and who comes first in a line is asked of an index.
        #expect(ready.contains("executions_unended"), "\(ready)")
        // The first in line are read in their order, and no more of them than are needed.
        #expect(ready.contains("executions_claimable") && !ready.contains("Sort"), "\(ready)")
        let anywhere = try await enginePlan(
            of: Store.lockingClaimableAnywhere(labels: [], limit: 10, taskLimit: 5), in: database)
        #expect(anywhere.contains("executions_running") && anywhere.contains("executions_unended"), "\(anywhere)")
        for plan in [ready, anywhere] { #expect(!plan.contains("Seq Scan on executions"), "\(plan)") }
        let lease = try #require(try await database.claim(for: database.addNode()).first)
        let closing = try await enginePlan(of: Store.closing([FinishedAttempt(lease, .succeeded)]), in: database)
        #expect(closing.contains("executions_pkey") && !closing.contains("executions_running"), "\(closing)")
        let nap = try await enginePlan(
            of: Store.askingUntilReady(for: try await database.addNode(labels: ["a"]), taskLimit: 5), in: database)
        #expect(nap.contains("executions_running") && nap.contains("executions_waiting"), "\(nap)")
        let newest = try await plan(of: Store.page(of: ExecutionFilter(), .page(number: 1, size: 20)), in: database)
        #expect(newest.contains("executions_newest") && !newest.contains("Seq Scan on executions"), "\(newest)")
        for (statuses, index) in [
            ([.running], "executions_running"), ([.timeout], "executions_troubled"),
            ([.failed, .cancelled], "executions_troubled"),
        ] as [([ExecutionStatus], String)] {
            var filter = ExecutionFilter()
            filter.statuses = statuses
            for statement in [Store.count(of: filter), Store.page(of: filter, .page(number: 1, size: 20))] {
                let plan = try await plan(of: statement, in: database)
                #expect(plan.contains(index) && !plan.contains("Seq Scan on executions"), "\(plan)")
            }
        }
        var own = ExecutionFilter()
        own.owner = .user(try #require(task.ownerID))
        let mine = try await plan(of: Store.page(of: own, .page(number: 1, size: 20)), in: database)
        #expect(mine.contains("executions_of_task") && !mine.contains("executions_newest"), "\(mine)")
        #expect(try await plan(of: unfinished, in: database).contains("executions_unended"))
        #expect(try await plan(of: busy, in: database).contains("executions_running"))
    }

    @Test func `the audit log is read newest first, and found by actor and resource, without being sorted`()
        async throws
    {
        let database = try await TestDatabase.make()
        try await database.pool.execute(
            """
            INSERT INTO qkron.audit (id, at, actor_type, actor_id, action, resource_type, resource_id)
            SELECT gen_random_uuid(), now() - n * interval '1 second', 'user', gen_random_uuid(), 'task.execute', 'task',
                   gen_random_uuid()::text
            FROM generate_series(1, 20000) AS n
            """)
        try await database.pool.execute("ANALYZE")
        var (byActor, byKey, byResource) = (AuditFilter(), AuditFilter(), AuditFilter())
        byKey.key = Identifier()
        byActor.actor = Identifier()
        byResource.resourceID = UUID().uuidString
        for (filter, index) in [
            (AuditFilter(), "audit_pkey"), (byActor, "audit_of_actor"), (byKey, "audit_of_api_key"),
            (byResource, "audit_of_resource"),
        ] {
            let plan = try await plan(
                of: Store.readingAudit(filter, .page(number: 1, size: 20)), in: database)
            #expect(plan.contains(index) && !plan.contains("Seq Scan"), "\(plan)")
        }
    }

    /// Twenty thousand ended executions beside ten thousand that wait, and a thousand tasks of which few are due.
    private func fill(_ database: TestDatabase, _ task: TaskDefinition) async throws {
        try await database.pool.execute(
            """
            INSERT INTO qkron.tasks
            SELECT (jsonb_populate_record(t, jsonb_build_object(
                'id', gen_random_uuid(), 'next_run', now() + n * interval '1 minute'))).*
            FROM qkron.tasks t, generate_series(1, 1000) AS n
            """)
        for (source, status, count) in [("manual", "completed", 20), ("schedule", "pending", 10)] {
            try await database.pool.execute(
                """
                INSERT INTO qkron.executions (id, task_id, trigger, scheduled_for, status, priority, not_before,
                                              ended_at, created_at)
                SELECT gen_random_uuid(), t.id, \(source), now() - n * interval '1 second', \(status), 5, now(),
                       CASE WHEN \(status) <> 'pending' THEN now() END, now()
                FROM qkron.tasks t, generate_series(1, \(count)) AS n
                """)
        }
        try await database.pool.execute("ANALYZE")
    }

    private func plan(of statement: SQL, in database: TestDatabase) async throws -> String {
        try await database.pool.plan("EXPLAIN \(statement)")
    }

    /// The one plan that the engine's connections make for whatever parameters.
    private func enginePlan(of statement: SQL, in database: TestDatabase) async throws -> String {
        let pool = database.secondPool(size: 1, prefersIndexes: true)
        let types = statement.parameters.map { "\($0.type.oid)::regtype" }.joined(separator: ", ")
        let names: String = try await pool.value(SQL(trusted: "SELECT concat_ws(', ', \(types)) AS value"))
        try await pool.execute(SQL(trusted: "PREPARE statement (\(names)) AS \(statement.text)"))
        let nulls = statement.parameters.map { _ in "NULL" }.joined(separator: ", ")
        return try await pool.plan(SQL(trusted: "EXPLAIN EXECUTE statement (\(nulls))"))
    }
}
