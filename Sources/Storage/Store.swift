import Foundation
import Postgres

/// Every statement about qkron's tables, on the pool or in one transaction: the same type, so that no statement is
/// written twice.
///
/// Whoever changes the state of a task's executions first locks the task (`lockTask`, `lockTasks`, `dueTasks`,
/// `claimable`): so all that happens to one task happens in one order, and tasks are locked before executions.
package struct Store: Sendable {
    private let session: any PostgresSession

    init(session: any PostgresSession) {
        self.session = session
    }

    func rows(_ sql: SQL) async throws -> [PostgresRow] {
        do {
            return try await session.query(sql)
        } catch let error as PostgresError {
            throw StorageError(error)
        }
    }

    /// The rows of a quick read by key, which may share a connection with others.
    func read(_ sql: SQL) async throws -> [PostgresRow] {
        do {
            return try await session.read(sql)
        } catch let error as PostgresError {
            throw StorageError(error)
        }
    }

    /// The row that a lookup finds by this key, as quick as `read`.
    func find(_ key: UUID, by lookup: Lookup) async throws -> PostgresRow? {
        do {
            return try await session.find(key, by: lookup)
        } catch let error as PostgresError {
            throw StorageError(error)
        }
    }

    @discardableResult
    func change(_ sql: SQL) async throws -> Int {
        do {
            return try await session.execute(sql)
        } catch let error as PostgresError {
            throw StorageError(error)
        }
    }

    /// Maps rows, naming a row that cannot be read as our fault.
    func decode<Value>(_ rows: [PostgresRow], _ body: (PostgresRow) throws -> Value) throws -> [Value] {
        do {
            return try rows.map(body)
        } catch let error as PostgresError {
            throw StorageError(error)
        }
    }

    /// The database's clock at this moment.
    package func now() async throws -> Date {
        try only(try decode(try await read("SELECT clock_timestamp() AS value")) { try $0.decode("value") })
    }

    /// The value of a statement that gives one row with the column `value`.
    func one<Value: PostgresDecodable>(_ sql: SQL) async throws -> Value {
        try only(try decode(try await rows(sql)) { try $0.decode("value", as: Value.self) })
    }

    /// The first of values that a statement always gives.
    func only<Value>(_ values: [Value]) throws -> Value {
        guard let value = values.first else {
            throw StorageError.surprise("a statement that always gives a row gave none")
        }
        return value
    }
}
