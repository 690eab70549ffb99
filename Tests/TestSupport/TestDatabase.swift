import Domain
import Logging
import Postgres
import Storage

/// A migrated database of one's own on the server that tests share.
package struct TestDatabase: Sendable {
    package let configuration: PostgresConfiguration
    package let pool: PostgresPool
    package let database: Database

    /// Statements that each stand alone.
    package var store: Store { database.store }

    /// A copy of the migrated template, with no rows.
    package static func make(poolSize: Int = 4) async throws -> TestDatabase {
        let cluster = try await TestCluster.shared()
        let name = try await cluster.createDatabase(template: try await Template.shared.name())
        let configuration = PostgresConfiguration(url: cluster.url(of: name), poolSize: poolSize)
        let pool = PostgresPool(configuration, logger: quietLogger)
        return TestDatabase(configuration: configuration, pool: pool, database: Database(pool))
    }

    /// A further pool on the same database, as a second server has.
    package func secondPool(size: Int = 4, prefersIndexes: Bool = false) -> PostgresPool {
        var configuration = configuration
        configuration.poolSize = size
        configuration.prefersIndexes = prefersIndexes
        return PostgresPool(configuration, logger: quietLogger)
    }
}

/// The database that all others are copied from.
private actor Template {
    static let shared = Template()
    private var made: Task<String, any Error>?

    func name() async throws -> String {
        let made =
            self.made
            ?? Task {
                let cluster = try await TestCluster.shared()
                let name = try await cluster.createDatabase()
                let configuration = PostgresConfiguration(url: cluster.url(of: name), poolSize: 1)
                let pool = PostgresPool(configuration, logger: quietLogger)
                _ = try await Migrator(Schema.migrations).migrate(pool)
                await pool.close()
                return name
            }
        self.made = made
        return try await made.value
    }
}

/// A pool on a new, empty database of the shared server.
package func makePool(
    size: Int = 4, connectTimeout: Duration = .seconds(10), statementTimeout: Duration = .seconds(30)
) async throws -> PostgresPool {
    let cluster = try await TestCluster.shared()
    let url = try await cluster.makeDatabase()
    return PostgresPool(
        PostgresConfiguration(
            url: url, poolSize: size, connectTimeout: connectTimeout, statementTimeout: statementTimeout),
        logger: quietLogger)
}

extension PostgresSession {
    /// The plan that an `EXPLAIN` tells.
    package func plan(_ explaining: SQL) async throws -> String {
        try await query(explaining).map { try $0.decode("QUERY PLAN", as: String.self) }.joined(separator: "\n")
    }

    /// The only column, named `value`, of the only row.
    package func value<T: PostgresDecodable>(_ sql: SQL, as type: T.Type = T.self) async throws -> T {
        let rows = try await query(sql)
        guard rows.count == 1 else { throw TestFailure("\(rows.count) rows instead of one") }
        return try rows[0].decode("value")
    }
}
