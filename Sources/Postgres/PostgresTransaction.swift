import Synchronization

/// One open transaction; it ends with the body it was given to, and refuses statements afterwards.
package final class PostgresTransaction: PostgresSession {
    private let connection: PostgresConnection
    private let hasEnded = Atomic<Bool>(false)

    init(_ connection: PostgresConnection) {
        self.connection = connection
    }

    /// As `PostgresSession` says.
    package func query(_ sql: SQL) async throws -> [PostgresRow] {
        try checkOpen()
        return try await connection.query(sql)
    }

    /// As `PostgresSession` says.
    @discardableResult package func execute(_ sql: SQL) async throws -> Int {
        try checkOpen()
        return try await connection.execute(sql)
    }

    /// Runs many statements at once, without parameters; throws when the script ended the transaction.
    package func executeScript(_ text: String) async throws {
        try checkOpen()
        try await connection.executeScript(text)
        guard await connection.isInTransaction() else {
            throw PostgresError(.statement(sqlState: "25P01"), "A script ended its transaction.", sqlState: "25P01")
        }
    }

    func end() {
        hasEnded.store(true, ordering: .releasing)
    }

    private func checkOpen() throws {
        guard !hasEnded.load(ordering: .acquiring) else {
            throw PostgresError(.statement(sqlState: "25P01"), "The transaction has ended.", sqlState: "25P01")
        }
    }
}
