import Foundation

/// Something that runs statements: the pool, one connection, or one transaction.
package protocol PostgresSession: Sendable {
    /// Runs one statement and returns its rows.
    ///
    /// Throws `PostgresError`, or `CancellationError` when the task was cancelled before the statement was done; a
    /// cancelled statement that the server finished first returns its rows.
    func query(_ sql: SQL) async throws -> [PostgresRow]

    /// Runs one statement and returns the number of rows it affected. Throws as `query` does.
    @discardableResult func execute(_ sql: SQL) async throws -> Int

    /// Runs one quick statement that only reads, such as one row by its key, and returns its rows. Many callers' reads
    /// may share a connection, and wait for each other. Throws as `query` does; cancellation may go unheeded.
    func read(_ sql: SQL) async throws -> [PostgresRow]

    /// The row that a lookup finds by this key, if there is one. Many callers' lookups may be asked for by one
    /// statement. Throws as `read` does.
    func find(_ key: UUID, by lookup: Lookup) async throws -> PostgresRow?
}

extension PostgresSession {
    /// As any statement.
    package func read(_ sql: SQL) async throws -> [PostgresRow] {
        try await query(sql)
    }

    /// As any statement.
    package func find(_ key: UUID, by lookup: Lookup) async throws -> PostgresRow? {
        try await query(lookup.sql(for: [key])).first
    }
}
