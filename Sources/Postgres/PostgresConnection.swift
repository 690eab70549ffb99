import Synchronization

/// One connection to a server, working on a thread of its own; statements of several tasks run one after another.
///
/// The thread ends and the connection closes when the last reference is gone. After an error that leaves the session
/// in doubt (no answer, a server going down or taking no writes) it is not used again by the pool.
actor PostgresConnection: PostgresSession {
    nonisolated let thread: ConnectionThread
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let configuration: PostgresConfiguration
    private nonisolated let pipe: WakePipe
    private nonisolated let reusable = Atomic<Bool>(false)
    private var wire: Wire?
    private var statements = PreparedStatements(capacity: 256)
    /// What begins the transaction that was asked for, until its first statement takes it along.
    private var opening: [String] = []
    /// How much longer than the server's own limit an answer may take before the connection is given up.
    static let answerGrace = Duration.seconds(2)
    /// How long a plan for whatever parameters is used: it was made for tables as large as they were then.
    private static let planLife = Duration.seconds(2)
    private var plannedSince = ContinuousClock.now
    /// A bound for scripts that lift the statement timeout.
    private static let scriptLimit = Duration.seconds(86_400)

    private init(_ configuration: PostgresConfiguration) throws {
        self.configuration = configuration
        pipe = try WakePipe()
        thread = ConnectionThread()
        // Last, so that no thread is left behind by a failure before it.
        try thread.start()
    }

    deinit {
        thread.stop()
    }

    /// Connects. Blocks no shared thread; cancellation is noticed when the attempt ends, which takes at most
    /// `hostTimeout` per host. Throws `.unavailable` or `.invalidParameter`.
    static func connect(_ configuration: PostgresConfiguration) async throws -> PostgresConnection {
        let connection = try PostgresConnection(configuration)
        try await connection.open()
        return connection
    }

    /// As `PostgresSession` says.
    nonisolated func query(_ sql: SQL) async throws -> [PostgresRow] {
        try await interruptible { try await self.run(sql, interrupt: $0) }
    }

    /// As `PostgresSession` says.
    @discardableResult nonisolated func execute(_ sql: SQL) async throws -> Int {
        try await interruptible { try await self.affected(by: sql, interrupt: $0) }
    }

    /// Runs many statements at once, without parameters and without answers. The statement timeout of the session
    /// applies, and no script may take longer than a day.
    nonisolated func executeScript(_ text: String) async throws {
        try await interruptible { try await self.script(text, interrupt: $0) }
    }

    /// Whether the pool may hand it out again: alive as far as is known, and outside any transaction.
    nonisolated var isReusable: Bool { reusable.load(ordering: .acquiring) }

    /// For one transaction, in one statement.
    private static let preferringIndexes =
        "SELECT "
        + PostgresConfiguration.preferringIndexes.map { "set_config('\($0)', '\($1)', true)" }.joined(separator: ", ")

    /// Begins a transaction, with its first statement; throws if the connection is lost already.
    ///
    /// - Parameter preferringIndexes: as `PostgresConfiguration.prefersIndexes`, for this transaction.
    func begin(preferringIndexes: Bool) throws {
        _ = try readyWire()
        opening = ["BEGIN ISOLATION LEVEL READ COMMITTED"]
        if preferringIndexes { opening.append(Self.preferringIndexes) }
        if preferringIndexes || configuration.prefersIndexes { opening += forgettingOldPlans() }
    }

    func rollback() throws {
        guard takeOpening().isEmpty else { return }
        try simple("ROLLBACK")
    }

    /// Commits, and throws `.commitUnknown` when the answer is lost after COMMIT was sent.
    func commit() throws {
        guard takeOpening().isEmpty else { return }
        let tag: String
        do {
            tag = try simple("COMMIT")
        } catch let error as PostgresError where error.kind == .unavailable && !error.wasNotSent {
            throw PostgresError(.commitUnknown, "The database was lost while a transaction was being committed.")
        }
        guard tag == "COMMIT" else {
            throw PostgresError(
                .statement(sqlState: "25P02"), "The transaction was rolled back because a statement in it had failed.",
                sqlState: "25P02")
        }
    }

    /// Whether the session is inside a transaction that can still commit.
    func isInTransaction() -> Bool { wire?.isInTransaction ?? false }

    func listen(to channels: [String]) throws {
        try simple(channels.map { "LISTEN \(quoted(identifier: $0))" }.joined(separator: ";"))
    }

    /// Waits for notifications; none when the task is cancelled.
    nonisolated func notifications() async throws -> [(channel: String, payload: String)] {
        try await interruptible { try await self.receive(interrupt: $0) }
    }

    /// Closes it now; later statements fail.
    func close() {
        wire = nil
        settle()
    }
}

extension PostgresConnection {
    private nonisolated func interruptible<R: Sendable>(_ body: (Interrupt) async throws -> R) async throws -> R {
        let interrupt = Interrupt(pipe)
        return try await withTaskCancellationHandler {
            try await body(interrupt)
        } onCancel: {
            interrupt.raise()
        }
    }

    private func open() throws {
        wire = try Wire(configuration, pipe: pipe)
        try simple(configuration.sessionSettings)
    }

    private func readyWire() throws(PostgresError) -> Wire {
        guard let wire, wire.isAlive() else {
            wire = nil
            settle()
            var error = PostgresError(.unavailable, "The connection to the database was lost.")
            error.wasNotSent = true
            throw error
        }
        return wire
    }

    /// What has plans made anew that are old; nothing, where they are young.
    private func forgettingOldPlans() -> [String] {
        let now = ContinuousClock.now
        guard now - plannedSince > Self.planLife else { return [] }
        plannedSince = now
        return ["DISCARD PLANS"]
    }

    private func takeOpening() -> [String] {
        defer { opening = [] }
        return opening
    }

    private func settle() {
        reusable.store(wire?.isIdle ?? false, ordering: .releasing)
    }

    private func run(_ sql: SQL, interrupt: Interrupt) throws -> [PostgresRow] {
        let (result, columns) = try perform(sql, interrupt: interrupt)
        return result.rows(columns)
    }

    private func affected(by sql: SQL, interrupt: Interrupt) throws -> Int {
        try perform(sql, interrupt: interrupt).result.affectedRows
    }

    private func receive(interrupt: Interrupt) throws -> [(channel: String, payload: String)] {
        try readyWire().notifications(interrupt: interrupt)
    }

    private func script(_ text: String, interrupt: Interrupt) throws {
        guard !text.contains("\0") else {
            throw PostgresError(.invalidParameter, "A script holds a NUL character.")
        }
        try simple(text, limit: Self.scriptLimit, interrupt: interrupt)
    }

    private func perform(_ sql: SQL, interrupt: Interrupt) throws -> (result: PostgresResult, columns: PostgresColumns)
    {
        try sql.check()
        let key = sql.key
        let wire = try readyWire()
        let isStandingAlone = wire.isIdle && opening.isEmpty
        if isStandingAlone, configuration.prefersIndexes { opening = forgettingOldPlans() }
        // One that is cancelled before it is sent leaves nothing to the next.
        defer { if isStandingAlone { opening = [] } }
        do {
            return try performPrepared(key, sql.parameters, wire, interrupt)
        } catch let error as PostgresError where error.isStalePlan && isStandingAlone {
            // The tables changed under a prepared statement; the server refused before running any of it.
            statements.remove(key)
            return try performPrepared(key, sql.parameters, wire, interrupt)
        }
    }

    private func performPrepared(
        _ key: PreparedStatements.Key, _ parameters: [PostgresValue], _ wire: Wire, _ interrupt: Interrupt
    ) throws -> (result: PostgresResult, columns: PostgresColumns) {
        let statement = try prepared(key, wire, interrupt)
        let name = statement.name
        let result = try answer(wire, interrupt: interrupt) { () throws(PostgresError) in
            try wire.send(takeOpening()) { () throws(PostgresError) in
                try wire.sendExecute(name, parameters)
            }
        }
        let columns = statement.columns ?? PostgresColumns(result)
        statement.columns = columns
        return (result, columns)
    }

    private func prepared(_ key: PreparedStatements.Key, _ wire: Wire, _ interrupt: Interrupt) throws
        -> PreparedStatements.Statement
    {
        if let statement = statements.find(key) { return statement }
        if let evicted = statements.evict() { try simple("DEALLOCATE \(evicted.name)") }
        let name = statements.nextName()
        _ = try answer(wire, interrupt: interrupt) { () throws(PostgresError) in
            // With what begins the transaction: a statement that cannot be prepared fails in it.
            try wire.send(takeOpening()) { () throws(PostgresError) in
                try wire.sendPrepare(key.text, name: name, types: key.types)
            }
        }
        let statement = PreparedStatements.Statement(name: name)
        statements.insert(statement, for: key)
        return statement
    }

    @discardableResult
    private func simple(_ text: String, limit: Duration? = nil, interrupt: Interrupt? = nil) throws -> String {
        let wire = try readyWire()
        return try answer(wire, limit: limit, interrupt: interrupt) { () throws(PostgresError) in
            try wire.sendScript((takeOpening() + [text]).joined(separator: "; "))
        }.tag
    }

    /// Sends, waits, and returns the last result or throws the first error.
    private func answer(
        _ wire: Wire, limit: Duration? = nil, interrupt: Interrupt?, sending: () throws(PostgresError) -> Void
    ) throws -> PostgresResult {
        defer { settle() }
        if interrupt?.isRaised == true { throw CancellationError() }
        let deadline = ContinuousClock.now + (limit ?? configuration.statementTimeout + Self.answerGrace)
        do {
            try sending()
            let results = try wire.answers(until: deadline, interrupt: interrupt)
            if let error = results.lazy.compactMap(\.error).first { throw error }
            guard let last = results.last else {
                throw PostgresError(.unavailable, "The connection to the database was lost.")
            }
            return last
        } catch let error as PostgresError {
            if error.kind == .unavailable || error.kind == .readOnly { wire.markBroken() }
            if interrupt?.isRaised == true, error.kind == .timeout || error.kind == .unavailable {
                throw CancellationError()
            }
            throw error
        }
    }
}

extension PostgresError {
    /// A prepared statement that the server forgot or that no longer fits the tables.
    var isStalePlan: Bool {
        sqlState == "26000" || (sqlState == "0A000" && message.contains("cached plan"))
    }
}
