import CLibPQ

/// A connection in libpq's pipeline mode, for reads alone. Used by one thread.
final class PipelineConnection {
    private let wire: Wire
    private let limit: Duration
    private var statements = PreparedStatements(capacity: 256)

    /// Connects, blocking for at most the connect timeout per host. Throws `PostgresError`.
    init(_ configuration: PostgresConfiguration) throws {
        wire = try Wire(configuration, pipe: WakePipe())
        limit = configuration.statementTimeout + PostgresConnection.answerGrace
        try wire.sendScript("\(configuration.sessionSettings); SET default_transaction_read_only TO on")
        let deadline = ContinuousClock.now + limit
        if let error = try wire.answers(until: deadline, interrupt: nil).lazy.compactMap(\.error).first { throw error }
        try wire.enterPipelineMode()
    }

    /// Sends all reads, and tells what each one answered, in their order.
    ///
    /// Throws `PostgresError` where the connection is lost; the reads that were not told of have no answer.
    func answer(
        _ reads: [(key: PreparedStatements.Key, parameters: [PostgresValue])],
        _ tell: (Result<[PostgresRow], any Error>) -> Void
    ) throws {
        var sent: [PreparedStatements.Statement] = []
        for read in reads { sent.append(try send(read.key, read.parameters)) }
        let deadline = ContinuousClock.now + limit
        for (read, statement) in zip(reads, sent) {
            do {
                tell(.success(try rows(of: statement, until: deadline)))
            } catch let error as PostgresError where error.isFaultOfStatement {
                statements.remove(read.key)
                // Forgotten or out of date: another connection prepares it anew.
                tell(.failure(error.isStalePlan ? ReadPipeline.Unanswered() : error))
            }
        }
    }

    private func send(
        _ key: PreparedStatements.Key, _ parameters: [PostgresValue]
    ) throws -> PreparedStatements.Statement {
        let statement: PreparedStatements.Statement
        if let known = statements.find(key) {
            statement = known
        } else {
            if let evicted = statements.evict() { try wire.sendCommand("DEALLOCATE \(evicted.name)") }
            statement = PreparedStatements.Statement(name: statements.nextName())
            try wire.sendPrepare(key.text, name: statement.name, types: key.types)
            statements.insert(statement, for: key)
        }
        try wire.sendExecute(statement.name, parameters)
        // Each is a transaction of its own, so that one that fails takes no other with it.
        try wire.sendSync()
        return statement
    }

    private func rows(
        of statement: PreparedStatements.Statement, until deadline: ContinuousClock.Instant
    ) throws -> [PostgresRow] {
        var answer: PostgresResult?
        var failure: PostgresError?
        while true {
            guard let result = try wire.pipelineResult(until: deadline) else { continue }
            if result.status == PGRES_PIPELINE_SYNC { break }
            failure = failure ?? result.error
            if result.status == PGRES_TUPLES_OK { answer = result }
        }
        if let failure { throw failure }
        guard let answer else {
            throw PostgresError(.invalidParameter, "A read gave no rows, not even none: it is no read.")
        }
        let columns = statement.columns ?? PostgresColumns(answer)
        statement.columns = columns
        return answer.rows(columns)
    }
}

extension PostgresError {
    /// Whether the connection can be used on after it. What is no read is refused here by the session, not the server.
    fileprivate var isFaultOfStatement: Bool {
        kind != .unavailable
    }
}
