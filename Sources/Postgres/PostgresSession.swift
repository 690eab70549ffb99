/// Something that runs statements: the pool, one connection, or one transaction.
package protocol PostgresSession: Sendable {
    /// Runs one statement and returns its rows.
    ///
    /// Throws `PostgresError`, or `CancellationError` when the task was cancelled before the statement was done; a
    /// cancelled statement that the server finished first returns its rows.
    func query(_ sql: SQL) async throws -> [PostgresRow]

    /// Runs one statement and returns the number of rows it affected. Throws as `query` does.
    @discardableResult func execute(_ sql: SQL) async throws -> Int
}
