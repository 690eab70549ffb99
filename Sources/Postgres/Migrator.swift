/// Brings a database to the newest schema. Several servers may do so at once: an advisory lock lets one at a time.
package struct Migrator: Sendable {
    private let migrations: [Migration]
    private let schema: String

    /// The migrations in order, and the schema that holds `schema_migrations`; it is created when it is missing.
    package init(_ migrations: [Migration], schema: String = "qkron") {
        self.migrations = migrations
        self.schema = schema
    }

    /// Applies what has not landed, each migration in a transaction of its own, and returns the numbers applied here.
    ///
    /// The statement timeout is lifted meanwhile. Throws `MigrationError` before anything is changed when the database
    /// does not fit, or the error of a migration that failed; those before it stay, of itself nothing does.
    package func migrate(_ pool: PostgresPool) async throws -> [Int] {
        for (index, migration) in migrations.enumerated() where migration.number != index + 1 {
            throw MigrationError.misnumbered(expected: index + 1, found: migration.number)
        }
        var applied: [Int] = []
        while let number = try await pool.withTransaction({ try await applyNext($0) }) {
            applied.append(number)
        }
        return applied
    }

    private var table: SQL { SQL(trusted: quoted(identifier: schema) + ".schema_migrations") }

    private func applyNext(_ transaction: PostgresTransaction) async throws -> Int? {
        // By script: only scripts have no statement deadline of their own, and the lock may take a while.
        let key = schema.replacing("'", with: "''")
        try await transaction.executeScript(
            """
            SET LOCAL statement_timeout = 0;
            SELECT pg_advisory_xact_lock(hashtextextended('schema_migrations:\(key)', 0))
            """)
        try await prepareTable(transaction)
        let landed = try await checkLanded(transaction)
        guard landed < migrations.count else { return nil }
        let next = migrations[landed]
        try await transaction.executeScript(next.sql)
        try await transaction.execute(
            """
            INSERT INTO \(table) (number, name, checksum)
            VALUES (\(next.number)::int, \(next.name), encode(sha256(convert_to(\(next.sql), 'UTF8')), 'hex'))
            """)
        return next.number
    }

    private func prepareTable(_ transaction: PostgresTransaction) async throws {
        let names: SQL = """
            SELECT to_regnamespace(\(quoted(identifier: schema))) IS NOT NULL AS has_schema,
                   to_regclass(\(table.text)) IS NOT NULL AS has_table
            """
        guard let row = try await transaction.query(names).first, try !row.decode("has_table", as: Bool.self) else {
            return
        }
        // Even with IF NOT EXISTS, CREATE SCHEMA asks for a right that the role may lack where the schema exists.
        if try !row.decode("has_schema", as: Bool.self) {
            try await transaction.executeScript("CREATE SCHEMA \(quoted(identifier: schema))")
        }
        try await transaction.execute(
            """
            CREATE TABLE \(table) (
                number     integer     PRIMARY KEY CHECK (number > 0),
                name       text        NOT NULL,
                checksum   text        NOT NULL,
                applied_at timestamptz NOT NULL DEFAULT now()
            )
            """)
    }

    /// Returns the number of the newest landed migration, 0 for none.
    private func checkLanded(_ transaction: PostgresTransaction) async throws -> Int {
        let rows = try await transaction.query(
            """
            SELECT number, landed.name,
                   coalesce(checksum = encode(sha256(convert_to(given.sql, 'UTF8')), 'hex'), true) AS is_same
            FROM \(table) AS landed
            LEFT JOIN unnest(\(migrations.map(\.number))::int[], \(migrations.map(\.sql))) AS given (number, sql)
                USING (number)
            ORDER BY number
            """)
        let numbers = try rows.map { row in try row.decode("number", as: Int.self) }
        if let newest = numbers.last, newest > migrations.count {
            throw MigrationError.newerDatabase(version: newest, known: migrations.count)
        }
        for (index, row) in rows.enumerated() {
            guard numbers[index] == index + 1 else { throw MigrationError.gap(missing: index + 1) }
            guard try row.decode("is_same", as: Bool.self) else {
                throw MigrationError.changed(number: index + 1, name: try row.decode("name"))
            }
        }
        return rows.count
    }
}
