import Foundation
import Logging
import Synchronization

/// A bounded set of connections, opened when needed and shared by everyone.
///
/// When the server goes away, callers wait for it as long as for a free connection (the connect timeout) and then get
/// `.unavailable`; when it is back, the pool heals by itself. A statement is tried again only when the connection was
/// found dead before anything was sent. Connections that met a read-only server are dropped, so that the next ones
/// find the primary.
package final class PostgresPool: PostgresSession {
    private let configuration: PostgresConfiguration
    private let logger: Logger
    private let permits: PermitQueue
    private let gate = ReconnectGate()
    private let pipeline: ReadPipeline
    private let idle = Mutex<[PostgresConnection]>([])
    private let inUse = Atomic<Int>(0)

    /// Opens nothing yet.
    package init(_ configuration: PostgresConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        permits = PermitQueue(max(1, configuration.poolSize))
        pipeline = ReadPipeline(configuration)
    }

    deinit {
        pipeline.close()
    }

    /// As `PostgresSession` says, on any free connection.
    package func query(_ sql: SQL) async throws -> [PostgresRow] {
        try await leasing {
            try await $0.query(sql)
        } then: { _, rows in
            rows
        }
    }

    /// As `PostgresSession` says, on any free connection.
    @discardableResult package func execute(_ sql: SQL) async throws -> Int {
        try await leasing {
            try await $0.execute(sql)
        } then: { _, count in
            count
        }
    }

    /// As `PostgresSession` says; the connection that reads share is one beside the pool's size.
    package func read(_ sql: SQL) async throws -> [PostgresRow] {
        do {
            return try await pipeline.query(sql)
        } catch is ReadPipeline.Unanswered {
            return try await query(sql)
        }
    }

    /// As `PostgresSession` says, over the connection that reads share.
    package func find(_ key: UUID, by lookup: Lookup) async throws -> PostgresRow? {
        do {
            return try await pipeline.find(key, by: lookup)
        } catch is ReadPipeline.Unanswered {
            return try await query(lookup.sql(for: [key])).first
        }
    }

    /// Runs the body in a READ COMMITTED transaction: committed when it returns, rolled back when it throws.
    ///
    /// The commit itself is not cancelled. Throws what the body throws; `.commitUnknown` when the answer to COMMIT was
    /// lost; `.statement("25P02")` when the body swallowed the error of a failed statement.
    ///
    /// - Parameter preferringIndexes: as `PostgresConfiguration.prefersIndexes`, for this transaction.
    package func withTransaction<R: Sendable>(
        preferringIndexes: Bool = false, _ body: @Sendable (PostgresTransaction) async throws -> R
    ) async throws -> R {
        try await leasing {
            try await $0.begin(preferringIndexes: preferringIndexes)
        } then: { connection, _ in
            // The body runs on the connection's thread: with others, each statement would wake two of them.
            try await withTaskExecutorPreference(connection.thread.visitors) {
                let transaction = PostgresTransaction(connection)
                let value: R
                do {
                    defer { transaction.end() }
                    value = try await body(transaction)
                } catch {
                    // What matters is why the body failed; a connection that cannot roll back is dropped, which does.
                    try? await connection.rollback()
                    throw error
                }
                try await connection.commit()
                return value
            }
        }
    }

    /// How many connections are open and idle, how many are lent out, and how many callers wait for one.
    package var statistics: (idle: Int, inUse: Int, waiting: Int) {
        (idle.withLock(\.count), inUse.load(ordering: .relaxed), permits.waiting)
    }

    /// Turns away new callers and closes what is idle; a connection that is lent out closes when it comes back.
    package func close() async {
        permits.close()
        pipeline.close()
        for connection in takeAllIdle() { await connection.close() }
    }
}

extension PostgresPool {
    /// `opening` is run again on another connection when the server had closed the first one unnoticed.
    private func leasing<Opened, R>(
        _ opening: (PostgresConnection) async throws -> Opened,
        then body: (PostgresConnection, Opened) async throws -> R
    ) async throws -> R {
        let deadline = ContinuousClock.now + configuration.connectTimeout
        try await permits.acquire(until: deadline)
        inUse.add(1, ordering: .relaxed)
        defer {
            inUse.subtract(1, ordering: .relaxed)
            permits.release()
        }
        while true {
            let (connection, isFresh) = try await connection(until: deadline)
            // Before the permit is given back, so that whoever gets it finds the connection.
            defer { takeBack(connection) }
            let opened: Opened
            do {
                opened = try await opening(connection)
            } catch let error as PostgresError where error.wasNotSent && !isFresh {
                continue
            }
            return try await body(connection, opened)
        }
    }

    private func connection(until deadline: ContinuousClock.Instant) async throws
        -> (PostgresConnection, isFresh: Bool)
    {
        var failure: PostgresError?
        while true {
            try Task.checkCancellation()
            if let connection = idle.withLock({ $0.popLast() }) { return (connection, false) }
            if let wait = gate.claim() {
                guard ContinuousClock.now + wait < deadline else {
                    throw failure ?? PostgresError(.unavailable, "The database cannot be reached.")
                }
                try await Task.sleep(for: wait)
                continue
            }
            do {
                return (try await connect(), true)
            } catch let error as PostgresError where error.kind == .unavailable {
                failure = error
            }
        }
    }

    private func connect() async throws -> PostgresConnection {
        do {
            let connection = try await PostgresConnection.connect(configuration)
            if gate.succeeded() { logger.notice("database reachable again") }
            return connection
        } catch {
            if gate.failed() { logger.warning("database unreachable", metadata: ["error": "\(error)"]) }
            throw error
        }
    }

    private func takeBack(_ connection: PostgresConnection) {
        guard connection.isReusable else { return }
        idle.withLock { $0.append(connection) }
        // A pool closed meanwhile has already emptied its shelf.
        if permits.isClosed { _ = takeAllIdle() }
    }

    private func takeAllIdle() -> [PostgresConnection] {
        idle.withLock { idle in
            defer { idle = [] }
            return idle
        }
    }
}
