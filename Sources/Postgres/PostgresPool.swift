import Foundation
import Logging

/// A bounded set of connections, opened when needed and shared by everyone.
///
/// When the server goes away, callers wait for it as long as for a free connection (the connect timeout), or less where
/// the outage patience says so, and then get `.unavailable`. Only the pool itself tries to reach it meanwhile, and
/// heals when it is back. A statement is tried again only when the connection was found dead before anything was sent.
/// Connections that met a read-only server are dropped, so that the next ones find the primary.
package final class PostgresPool: PostgresSession {
    let configuration: PostgresConfiguration
    let logger: Logger
    private let permits: PermitQueue
    let outage = Outage()
    private let pipeline: ReadPipeline
    let shelf: Shelf

    /// Opens nothing yet.
    package init(_ configuration: PostgresConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        permits = PermitQueue(max(1, configuration.poolSize))
        shelf = Shelf(size: max(1, configuration.poolSize))
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
            return try await pipeline.query(sql, mayOpen: outage.known == nil)
        } catch let error as ReadPipeline.Unanswered {
            distrust(error)
            return try await query(sql)
        }
    }

    /// As `PostgresSession` says, over the connection that reads share.
    package func find(_ key: UUID, by lookup: Lookup) async throws -> PostgresRow? {
        do {
            return try await pipeline.find(key, by: lookup, mayOpen: outage.known == nil)
        } catch let error as ReadPipeline.Unanswered {
            distrust(error)
            return try await query(lookup.sql(for: [key])).first
        }
    }

    /// Runs the body in a READ COMMITTED transaction: committed when it returns, rolled back when it throws.
    ///
    /// The commit itself is not cancelled. Throws what the body throws; `.commitUnknown` when the answer to COMMIT was
    /// lost; `.statement("25P02")` when the body swallowed the error of a failed statement.
    ///
    /// The body runs on the thread of the connection, and so do child tasks that it starts: while a statement is under
    /// way, none of them goes on.
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

    /// Until cancelled, asks once a second whether the server still answers while statements are under way: one that
    /// falls silent is known to be away before these are given up, and keeps no others waiting.
    package func watch() async {
        while !Task.isCancelled {
            // Cancelled, the loop ends.
            try? await Task.sleep(for: .seconds(1))
            guard shelf.counts.lent > 0, outage.known == nil else { continue }
            do {
                _ = try await pipeline.query("SELECT 1", mayOpen: true)
            } catch let error as ReadPipeline.Unanswered where error.silentSince != nil {
                distrust(error)
                // What is wrong, whoever asks next is told.
                if let opened = try? await open() { keep(opened) }
            } catch {
                continue
            }
        }
    }

    /// How many connections are open and idle, how many are lent out, and how many callers wait for one.
    package var statistics: (idle: Int, inUse: Int, waiting: Int) {
        let (idle, lent) = shelf.counts
        return (idle, lent, permits.waiting)
    }

    var isClosed: Bool { permits.isClosed }

    /// Turns away new callers and closes what is idle; a connection that is lent out closes when it comes back.
    package func close() async {
        permits.close()
        pipeline.close()
        for connection in shelf.close() { await connection.close() }
    }
}

extension PostgresPool {
    /// `opening` is run again on another connection when the server had closed the first one unnoticed.
    private func leasing<Opened, R>(
        _ opening: (PostgresConnection) async throws -> Opened,
        then body: (PostgresConnection, Opened) async throws -> R
    ) async throws -> R {
        let deadline = ContinuousClock.now + configuration.connectTimeout
        // Permits may be with those whom the server answers no more.
        if let (since, error) = outage.known, end(of: deadline, since: since) <= .now, shelf.isEmpty {
            throw error
        }
        try await permits.acquire(until: deadline)
        defer { permits.release() }
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
        while true {
            try Task.checkCancellation()
            if let connection = shelf.lend() { return (connection, false) }
            guard let (since, error) = outage.known else {
                guard let opened = try await open() else { continue }
                shelf.lend(new: opened)
                return (opened, true)
            }
            let wait = ContinuousClock.now.duration(to: end(of: deadline, since: since))
            guard wait > .zero else { throw error }
            // Looking again early lets everyone go on soon after the server is back.
            try await Task.sleep(for: min(wait, .milliseconds(20)))
        }
    }

    /// Until when a server is waited for that is away since that instant.
    private func end(
        of deadline: ContinuousClock.Instant, since instant: ContinuousClock.Instant
    ) -> ContinuousClock.Instant {
        configuration.outagePatience.map { min(deadline, instant + $0) } ?? deadline
    }

    /// Closes what has been idle since the shared connection fell silent, if it did: it may be as silent. What was used
    /// since then is not, nor is what others have opened who waited for the same reads.
    private func distrust(_ error: ReadPipeline.Unanswered) {
        if let instant = error.silentSince { shelf.drop(idleSince: instant) }
    }

    private func takeBack(_ connection: PostgresConnection) {
        if connection.isReusable { outage.connectionWorked() }
        shelf.takeBack(connection)
    }
}
