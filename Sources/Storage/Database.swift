import Postgres

/// The database as the rooms above see it: statements one by one, or several in a transaction.
package struct Database: Sendable {
    private let pool: PostgresPool

    /// The database behind `pool`.
    package init(_ pool: PostgresPool) {
        self.pool = pool
    }

    /// Statements that each stand alone.
    package var store: Store { Store(session: pool) }

    /// Runs `body` in one transaction; an error rolls it back.
    ///
    /// - Throws: what `body` throws, or `StorageError`.
    package func transaction<Answer: Sendable>(
        _ body: @Sendable @escaping (Store) async throws -> Answer
    ) async throws -> Answer {
        do {
            return try await pool.withTransaction { try await body(Store(session: $0)) }
        } catch let error as PostgresError {
            throw StorageError(error)
        }
    }
}
