import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Postgres

@Suite struct OutageTests {
    private func terminate(_ backend: Int, on pool: PostgresPool) async throws {
        try await pool.execute("SELECT pg_terminate_backend(\(backend)::int, 5000)")
    }

    @Test func `what a client has locked that fell silent is free after a while`() async throws {
        let patient = try await makePool()
        try await patient.execute("CREATE TABLE held AS SELECT 1 AS number")
        var configuration = patient.configuration
        configuration.statementTimeout = .milliseconds(400)
        let silent = PostgresPool(configuration, logger: quietLogger)
        let error = await #expect(throws: PostgresError.self) {
            try await silent.withTransaction { transaction in
                _ = try await transaction.query("SELECT FROM held FOR UPDATE")
                // It waits for the lock.
                try await patient.execute("UPDATE held SET number = number + 1")
                try await transaction.execute("UPDATE held SET number = 10")
            }
        }
        #expect(error?.kind == .unavailable)
        #expect(try await silent.value("SELECT number AS value FROM held") == 2)
    }

    @Test func `an idle connection that was ended goes unnoticed`() async throws {
        let pool = try await makePool(size: 1)
        let observer = try await makePool(size: 1)
        for _ in 0..<5 {
            let backend: Int = try await pool.value("SELECT pg_backend_pid() AS value")
            try await terminate(backend, on: observer)
            #expect(try await pool.value("SELECT pg_backend_pid() AS value", as: Int.self) != backend)
            let inside: Int = try await pool.withTransaction { try await $0.value("SELECT pg_backend_pid() AS value") }
            try await terminate(inside, on: observer)
            #expect(try await pool.withTransaction { try await $0.value("SELECT 1 AS value", as: Int.self) } == 1)
        }
    }

    @Test func `a statement whose backend is ended fails and is not repeated`() async throws {
        let pool = try await makePool(size: 1)
        let observer = try await makePool(size: 1)
        let backend: Int = try await pool.value("SELECT pg_backend_pid() AS value")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT pg_sleep(60)") }
                #expect(error?.kind == .unavailable)
                #expect(error?.sqlState == "57P01")
            }
            try await eventually("it sleeps") {
                try await observer.value(
                    "SELECT count(*) AS value FROM pg_stat_activity WHERE pid = \(backend)::int AND wait_event = 'PgSleep'",
                    as: Int.self) == 1
            }
            try await terminate(backend, on: observer)
            try await group.waitForAll()
        }
        #expect(try await pool.value("SELECT 1 AS value", as: Int.self) == 1)
    }

    @Test func `a transaction whose backend is ended fails as a whole`() async throws {
        let pool = try await makePool(size: 1)
        let observer = try await makePool(size: 1)
        try await pool.execute("CREATE TABLE things (id int)")
        let runs = Atomic<Int>(0)
        let error = await #expect(throws: PostgresError.self) {
            try await pool.withTransaction { transaction in
                runs.add(1, ordering: .relaxed)
                try await transaction.execute("INSERT INTO things VALUES (1)")
                try await terminate(transaction.value("SELECT pg_backend_pid() AS value"), on: observer)
                try await transaction.execute("INSERT INTO things VALUES (2)")
            }
        }
        #expect(error?.kind == .unavailable)
        #expect(runs.load(ordering: .relaxed) == 1)
        #expect(try await pool.value("SELECT count(*) AS value FROM things", as: Int.self) == 0)
    }

    @Test func `a transaction lost before its commit is sent did not happen`() async throws {
        let pool = try await makePool(size: 1)
        let observer = try await makePool(size: 1)
        let error = await #expect(throws: PostgresError.self) {
            try await pool.withTransaction { transaction in
                try await terminate(transaction.value("SELECT pg_backend_pid() AS value"), on: observer)
            }
        }
        #expect(error?.kind == .unavailable)
    }

    @Test func `a commit whose answer is lost is unknown`() async throws {
        let pool = try await makePool(size: 1)
        let observer = try await makePool(size: 1)
        try await pool.execute("CREATE TABLE things (id int)")
        try await pool.withTransaction { transaction in
            try await transaction.executeScript(
                """
                CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NULL; END';
                CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON things DEFERRABLE INITIALLY DEFERRED
                    FOR EACH ROW EXECUTE FUNCTION dawdle()
                """)
        }
        let backend: Int = try await pool.value("SELECT pg_backend_pid() AS value")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                let error = await #expect(throws: PostgresError.self) {
                    try await pool.withTransaction { try await $0.execute("INSERT INTO things VALUES (1)") }
                }
                #expect(error?.kind == .commitUnknown)
            }
            try await eventually("it commits") {
                try await observer.value(
                    "SELECT count(*) AS value FROM pg_stat_activity WHERE pid = \(backend)::int AND query = 'COMMIT' AND wait_event = 'PgSleep'",
                    as: Int.self) == 1
            }
            try await terminate(backend, on: observer)
            try await group.waitForAll()
        }
    }

    @Test func `a connection that met a read-only server is dropped`() async throws {
        let url = try await TestCluster.shared().makeDatabase()
        let configuration = PostgresConfiguration(url: url, poolSize: 1)
        let pool = PostgresPool(configuration, logger: quietLogger)
        try await pool.execute("CREATE TABLE things (id int)")
        let first: Int = try await pool.value("SELECT pg_backend_pid() AS value")
        let error = await #expect(throws: PostgresError.self) {
            try await pool.withTransaction { transaction in
                try await transaction.execute("SET TRANSACTION READ ONLY")
                try await transaction.execute("INSERT INTO things VALUES (1)")
            }
        }
        #expect(error?.kind == .readOnly)
        #expect(try await pool.value("SELECT pg_backend_pid() AS value", as: Int.self) != first)
    }

    @Test(.timeLimit(.minutes(5))) func `a pool heals after its server was restarted`() async throws {
        let cluster = try await TestCluster.start()
        let url = try await cluster.makeDatabase()
        let pool = PostgresPool(
            PostgresConfiguration(url: url, poolSize: 3, connectTimeout: .milliseconds(500)), logger: quietLogger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<3 { group.addTask { try await pool.execute("SELECT pg_sleep(0.05)") } }
            try await group.waitForAll()
        }
        await cluster.stop()
        let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
        #expect(error?.kind == .unavailable)
        #expect(error?.message.isEmpty == false)
        try await cluster.resume()
        try await eventually("the pool has healed") {
            (try? await pool.value("SELECT 1 AS value", as: Int.self)) == 1
        }
        await cluster.stop()
        try await cluster.resume()
        // Three dead connections, or none, and nobody notices: 500 ms are enough for a server that is there.
        #expect(try await pool.value("SELECT 1 AS value", as: Int.self) == 1)
        await cluster.stop()
    }

    @Test(.timeLimit(.minutes(5)))
    func `while the server is known to be away nobody waits for it, and the pool finds it again by itself`()
        async throws
    {
        let cluster = try await TestCluster.start()
        let pool = impatientPool(url: try await cluster.makeDatabase())
        try await eventually("it is reached") { (try? await pool.read("SELECT 1")) != nil }
        await cluster.stop()
        for _ in 0..<200 {
            let read = await #expect(throws: PostgresError.self) { try await pool.read("SELECT 1") }
            #expect(read?.kind == .unavailable)
            let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
            #expect(error?.kind == .unavailable)
        }
        try await cluster.resume()
        try await eventually("the pool has found it") { pool.statistics.idle == 1 }
        #expect(try await pool.value("SELECT 1 AS value", as: Int.self) == 1)
        await pool.close()
        await cluster.stop()
    }

    @Test(.timeLimit(.minutes(5))) func `nobody waits for a server that takes connections and says nothing`()
        async throws
    {
        let (listener, port) = silentServer()
        defer { close(listener) }
        let pool = impatientPool(url: "postgres://u:s3cret@127.0.0.1:\(port)/db")
        for _ in 0..<50 {
            let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
            #expect(error?.kind == .unavailable)
        }
        await pool.close()
    }

    @Test func `a server that falls silent during statements is found out, and keeps nobody else waiting`() async throws
    {
        let cluster = try await TestCluster.start()
        let pool = impatientPool(url: try await cluster.makeDatabase())
        try await eventually("all connections are open") {
            let both = (0..<2).map { _ in Task { try await pool.query("SELECT pg_sleep(0.2)") } }
            for task in both { _ = try? await task.value }
            _ = try? await pool.read("SELECT 1")
            return (try? await self.backends(of: pool).count) == 3
        }
        let backends = try await self.backends(of: pool)
        defer { for backend in backends { kill(backend, SIGCONT) } }
        await cluster.signal(SIGSTOP)
        for backend in backends { kill(backend, SIGSTOP) }
        let hanging = (0..<2).map { _ in Task { try await pool.query("SELECT 1") } }
        try await eventually("both connections are lent") { pool.statistics.inUse == 2 }
        let watch = Task { await pool.watch() }
        try await eventually("it is known to be away", within: .seconds(30)) { pool.outage.known != nil }
        let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
        #expect(error?.message == "The database does not answer.")
        await cluster.signal(SIGCONT)
        for backend in backends { kill(backend, SIGCONT) }
        try await eventually("it is found again") { pool.outage.known == nil }
        for task in hanging { _ = try await task.value }
        watch.cancel()
        await pool.close()
        await cluster.stop()
    }

    @Test func `a read whose connection falls silent is answered over a fresh one`() async throws {
        let pool = impatientPool(url: try await TestCluster.shared().makeDatabase())
        try await eventually("both connections are open") {
            _ = try? await pool.read("SELECT 1")
            return (try? await self.backends(of: pool).count) == 2
        }
        let backends = try await self.backends(of: pool)
        defer { for backend in backends { kill(backend, SIGCONT) } }
        for backend in backends { kill(backend, SIGSTOP) }
        try await eventually("another connection answers") {
            let row = try? await pool.read("SELECT pg_backend_pid() AS pid").first
            return try row.map { !backends.contains(pid_t(try $0.decode("pid", as: Int.self))) } ?? false
        }
        await pool.close()
    }

    @Test func `a slow read costs no connection that was used meanwhile`() async throws {
        // More than a busy machine stands still for.
        let pool = impatientPool(url: try await TestCluster.shared().makeDatabase(), patience: .seconds(9))
        let backend: Int = try await pool.value("SELECT pg_backend_pid() AS value")
        async let slow = pool.read("SELECT pg_sleep(10)")
        try await eventually("it is under way") {
            try await pool.value(
                "SELECT count(*) AS value FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'",
                as: Int.self) == 1
        }
        _ = try await slow
        #expect(try await backends(of: pool).contains(pid_t(backend)))
        await pool.close()
    }

    /// The processes behind the connections to a pool's database.
    private func backends(of pool: PostgresPool) async throws -> [pid_t] {
        try await pool.query(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
        ).map { pid_t(try $0.decode("pid", as: Int.self)) }
    }

    @Test(.timeLimit(.minutes(2))) func `a server that never answers is given up in time`() async throws {
        let (listener, port) = silentServer()
        defer { close(listener) }
        let pool = PostgresPool(
            PostgresConfiguration(url: "postgres://u:s3cret@127.0.0.1:\(port)/db", connectTimeout: .seconds(2)),
            logger: quietLogger)
        let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
        #expect(error?.kind == .unavailable)
        #expect(error?.description.contains("s3cret") == false)
    }

    @Test(.timeLimit(.minutes(5))) func `a host that says nothing hides none that answers`() async throws {
        let (listener, port) = silentServer()
        defer { close(listener) }
        let url = try await TestCluster.shared().makeDatabase()
        let hosts = url.replacing("host=", with: "port=\(port),5432&host=127.0.0.1,")
        let pool = impatientPool(url: hosts, patience: .seconds(3))
        #expect(try await pool.value("SELECT 1 AS value", as: Int.self) == 1)
        #expect(pool.outage.known == nil)
        await pool.close()
    }

    @Test func `of several hosts the one that takes writes is found`() async throws {
        let url = try await TestCluster.shared().makeDatabase()
        let hosts = url.replacing("host=", with: "target_session_attrs=read-write&host=/nonexistent,")
        let pool = PostgresPool(PostgresConfiguration(url: hosts), logger: quietLogger)
        #expect(try await pool.value("SELECT 1 AS value", as: Int.self) == 1)
    }
}
