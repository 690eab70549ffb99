import CLibPQ

/// A connection in libpq's pipeline mode, for reads by key alone. Used by one thread.
final class PipelineConnection {
    /// Reads by key have one plan that is good for all keys: made once, it must not hang on how small a table was then.
    private static let settings = [
        "default_transaction_read_only TO on", "plan_cache_mode TO force_generic_plan", "enable_seqscan TO off",
        "enable_hashjoin TO off", "enable_mergejoin TO off",
    ]

    private let wire: Wire
    private let limit: Duration
    private var statements = PreparedStatements(capacity: 256)

    /// Connects, blocking for at most `hostTimeout` per host. Throws `PostgresError`.
    init(_ configuration: PostgresConfiguration) throws {
        wire = try Wire(configuration, pipe: WakePipe())
        // What takes longer is asked for elsewhere: it is for what is quick.
        limit = min(
            configuration.statementTimeout + PostgresConnection.answerGrace,
            configuration.outagePatience ?? configuration.connectTimeout)
        let settings = Self.settings.map { "; SET \($0)" }.joined()
        try wire.sendScript(configuration.sessionSettings + settings)
        let deadline = ContinuousClock.now + limit
        if let error = try wire.answers(until: deadline, interrupt: nil).lazy.compactMap(\.error).first { throw error }
        try wire.enterPipelineMode()
    }

    /// Sends all reads, and tells what each of them answered, by its number.
    ///
    /// What is prepared already goes out in one group, which the server answers at one go; it runs each read on what is
    /// there at that moment, but a read that fails takes those after it in its group along. These are asked again, each
    /// by itself.
    ///
    /// Throws `PostgresError` where the connection is lost; the reads that were not told of have no answer.
    func answer(
        _ reads: [(key: PreparedStatements.Key, parameters: [PostgresValue])],
        _ tell: (Int, Result<[PostgresRow], any Error>) -> Void
    ) throws {
        let spared = try answer(Array(reads.indices), of: reads, together: true, tell)
        guard !spared.isEmpty else { return }
        _ = try answer(spared, of: reads, together: false, tell)
    }

    /// Asks these of the reads, and returns those that had no answer because another one failed.
    private func answer(
        _ numbers: [Int], of reads: [(key: PreparedStatements.Key, parameters: [PostgresValue])], together: Bool,
        _ tell: (Int, Result<[PostgresRow], any Error>) -> Void
    ) throws -> [Int] {
        var sent: [(statement: PreparedStatements.Statement, endsGroup: Bool)] = []
        sent.reserveCapacity(numbers.count)
        for number in numbers {
            let (key, parameters) = reads[number]
            if let known = statements.find(key) {
                try wire.sendExecute(known.name, parameters)
                sent.append((known, !together))
            } else {
                // By itself: were it skipped with its group, we would take for prepared what is not.
                try endGroup(&sent)
                let new = try prepare(key)
                try wire.sendExecute(new.name, parameters)
                sent.append((new, true))
            }
            if sent[sent.count - 1].endsGroup { try wire.sendSync() }
        }
        try endGroup(&sent)
        let deadline = ContinuousClock.now + limit
        var spared: [Int] = []
        for (number, (statement, endsGroup)) in zip(numbers, sent) {
            do {
                guard let rows = try rows(of: statement, endsGroup: endsGroup, until: deadline) else {
                    spared.append(number)
                    continue
                }
                tell(number, .success(rows))
            } catch let error as PostgresError where error.isFaultOfStatement {
                statements.remove(reads[number].key)
                // Forgotten or out of date: another connection prepares it anew.
                tell(number, .failure(error.isStalePlan ? ReadPipeline.Unanswered() : error))
            }
        }
        return spared
    }

    private func endGroup(_ sent: inout [(statement: PreparedStatements.Statement, endsGroup: Bool)]) throws {
        guard let last = sent.last, !last.endsGroup else { return }
        sent[sent.count - 1].endsGroup = true
        try wire.sendSync()
    }

    private func prepare(_ key: PreparedStatements.Key) throws -> PreparedStatements.Statement {
        if let evicted = statements.evict() { try wire.sendCommand("DEALLOCATE \(evicted.name)") }
        let statement = PreparedStatements.Statement(name: statements.nextName())
        try wire.sendPrepare(key.text, name: statement.name, types: key.types)
        statements.insert(statement, for: key)
        return statement
    }

    /// The rows of a read; nil where it was skipped, because one before it failed.
    private func rows(
        of statement: PreparedStatements.Statement, endsGroup: Bool, until deadline: ContinuousClock.Instant
    ) throws -> [PostgresRow]? {
        var answer: PostgresResult?
        var failure: PostgresError?
        var isSkipped = false
        reading: while true {
            guard let result = try wire.pipelineResult(until: deadline) else {
                // A new statement was prepared first, and every group ends with a mark.
                if endsGroup { continue }
                break
            }
            switch result.status {
            case PGRES_PIPELINE_SYNC: break reading
            case PGRES_PIPELINE_ABORTED: isSkipped = true
            case PGRES_TUPLES_OK: answer = result
            default: failure = failure ?? result.error
            }
        }
        if let failure { throw failure }
        if let answer {
            let columns = statement.columns ?? PostgresColumns(answer)
            statement.columns = columns
            return answer.rows(columns)
        }
        if isSkipped { return nil }
        throw PostgresError(.invalidParameter, "A read gave no rows, not even none: it is no read.")
    }
}

extension PostgresError {
    /// Whether the connection can be used on after it. What is no read is refused here by the session, not the server.
    fileprivate var isFaultOfStatement: Bool {
        kind != .unavailable
    }
}
