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
    /// - Parameter preferringIndexes: for statements that find their rows by an index by design: however few rows there
    ///   were when a table was last measured, none of them reads all of it.
    /// - Throws: what `body` throws, or `StorageError`.
    package func transaction<Answer: Sendable>(
        preferringIndexes: Bool = false, _ body: @Sendable @escaping (Store) async throws -> Answer
    ) async throws -> Answer {
        do {
            return try await pool.withTransaction(preferringIndexes: preferringIndexes) {
                try await body(Store(session: $0))
            }
        } catch let error as PostgresError {
            throw StorageError(error)
        }
    }
}
