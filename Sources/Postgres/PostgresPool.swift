import Foundation
import Logging
import Synchronization

/// A bounded set of connections, opened when needed and shared by everyone.
///
/// When the server goes away, callers wait for it as long as for a free connection (the connect timeout), or less where
/// the outage patience says so, and then get `.unavailable`. Only the pool itself tries to reach it meanwhile, and
/// heals when it is back. A statement is tried again only when the connection was found dead before anything was sent.
/// Connections that met a read-only server are dropped, so that the next ones find the primary.
package final class PostgresPool: PostgresSession {
    private let configuration: PostgresConfiguration
    private let logger: Logger
    private let permits: PermitQueue
    let outage = Outage()
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
            return try await pipeline.query(sql, mayOpen: outage.known == nil)
        } catch let error as ReadPipeline.Unanswered {
            if error.isOverdue { distrustIdle() }
            return try await query(sql)
        }
    }

    /// As `PostgresSession` says, over the connection that reads share.
    package func find(_ key: UUID, by lookup: Lookup) async throws -> PostgresRow? {
        do {
            return try await pipeline.find(key, by: lookup, mayOpen: outage.known == nil)
        } catch let error as ReadPipeline.Unanswered {
            if error.isOverdue { distrustIdle() }
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

    /// Until cancelled, asks once a second whether the server still answers while statements are under way: one that
    /// falls silent is known to be away before these are given up, and keeps no others waiting.
    package func watch() async {
        while !Task.isCancelled {
            // Cancelled, the loop ends.
            try? await Task.sleep(for: .seconds(1))
            guard inUse.load(ordering: .relaxed) > 0, outage.known == nil else { continue }
            do {
                _ = try await pipeline.query("SELECT 1", mayOpen: true)
            } catch let error as ReadPipeline.Unanswered where error.isOverdue {
                distrustIdle()
                // What is wrong, whoever asks next is told.
                let patience = configuration.outagePatience
                if let opened = try? await open(until: patience.map { .now + $0 }) { shelve(opened) }
            } catch {
                continue
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
        // Permits may be with those whom the server answers no more.
        if let (since, error) = outage.known, end(of: deadline, since: since) <= .now, idle.withLock(\.isEmpty) {
            throw error
        }
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
        while true {
            try Task.checkCancellation()
            if let connection = idle.withLock({ $0.popLast() }) { return (connection, false) }
            guard let (since, error) = outage.known else {
                let patience = configuration.outagePatience
                let opened = try await open(until: patience.map { min(deadline, .now + $0) })
                if let opened { return (opened, true) }
                continue
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

    /// A new connection; nil where there is none, or none in time, and with that an outage.
    private func open(until deadline: ContinuousClock.Instant?) async throws -> PostgresConnection? {
        let (attempts, attempt) = AsyncStream.makeStream(of: Result<PostgresConnection, any Error>.self)
        let (configuration, begun) = (configuration, ContinuousClock.now)
        let patience = Patience()
        // An attempt cannot be called off; whoever waits for it can go, and leaves to others what comes of it.
        Task { [weak self] in
            do {
                let connection = try await PostgresConnection.connect(configuration)
                if !patience.isOver.load(ordering: .relaxed) {
                    attempt.yield(.success(connection))
                } else {
                    self?.shelve(connection)
                }
            } catch {
                attempt.yield(.failure(error))
            }
        }
        defer { patience.isOver.store(true, ordering: .relaxed) }
        do {
            guard let connection = try await attempts.first(before: deadline)?.get() else {
                noteFailure(PostgresError(.unavailable, "The database does not answer."), begun: begun)
                return nil
            }
            noteSuccess()
            return connection
        } catch let error as PostgresError where error.kind == .unavailable {
            noteFailure(error, begun: begun)
            return nil
        }
    }

    private func noteSuccess() {
        if outage.attemptSucceeded() { logger.notice("database reachable again") }
    }

    private func noteFailure(_ error: PostgresError, begun instant: ContinuousClock.Instant) {
        guard outage.attemptFailed(error, begun: instant) else { return }
        logger.warning("database unreachable", metadata: ["error": "\(error)"])
        // It lasts as long as the outage, and longer than whoever found that out waits.
        Task { [weak self, configuration, outage] in
            var failures = 1
            while outage.known != nil, self?.permits.isClosed == false {
                // Nobody cancels it.
                try? await Task.sleep(for: Outage.delay(afterFailures: failures))
                failures += 1
                // Why it fails is known already.
                guard let connection = try? await PostgresConnection.connect(configuration) else { continue }
                self?.shelve(connection)
            }
        }
    }

    /// Keeps a connection that nobody waits for.
    private func shelve(_ connection: PostgresConnection) {
        takeBack(connection)
        noteSuccess()
    }

    /// Closes what is idle: it may be as silent as what was just asked.
    private func distrustIdle() {
        _ = takeAllIdle()
    }

    private func takeBack(_ connection: PostgresConnection) {
        guard connection.isReusable else { return }
        outage.connectionWorked()
        // Beside those that are lent there may be some that nobody waited for.
        idle.withLock { if $0.count < configuration.poolSize { $0.append(connection) } }
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

/// Of whoever waits for an attempt.
private final class Patience: Sendable {
    let isOver = Atomic<Bool>(false)
}

extension AsyncStream where Element: Sendable {
    /// The first element; nil where it does not come before the deadline.
    fileprivate func first(before deadline: ContinuousClock.Instant?) async throws -> Element? {
        try await withThrowingTaskGroup(of: Element?.self) { group in
            group.addTask { await self.first { _ in true } }
            if let deadline {
                group.addTask {
                    try await Task.sleep(until: deadline)
                    return nil
                }
            }
            defer { group.cancelAll() }
            let first = try await group.next() ?? nil
            try Task.checkCancellation()
            return first
        }
    }
}
