import CLibPQ

/// libpq's pipeline mode: many statements are sent before the first is answered.
extension Wire {
    func enterPipelineMode() throws(PostgresError) {
        try sent(PQenterPipelineMode(connection))
    }

    /// Ends a statement, or several that stand and fall together.
    func sendSync() throws(PostgresError) {
        try sent(PQpipelineSync(connection))
    }

    /// Sends a command without parameters and without rows.
    func sendCommand(_ text: String) throws(PostgresError) {
        try sent(PQsendQueryParams(connection, text, 0, nil, nil, nil, nil, 0))
    }

    /// Sends commands, if any, at one go with what the body sends; `answers` gives what all answer, and leaves the
    /// pipeline.
    func send(_ commands: [String], then body: () throws(PostgresError) -> Void) throws(PostgresError) {
        guard !commands.isEmpty else { return try body() }
        try enterPipelineMode()
        for command in commands { try sendCommand(command) }
        try body()
        try sendSync()
    }

    /// The next of the results, which come in the order of the statements; nil stands after the last of each statement.
    ///
    /// Throws `.unavailable` and breaks the connection when it does not come in time.
    func pipelineResult(until deadline: ContinuousClock.Instant) throws(PostgresError) -> PostgresResult? {
        while true {
            let isSending = PQflush(connection) == 1
            if PQisBusy(connection) == 0 { return PQgetResult(connection).map(PostgresResult.init) }
            try wait(until: deadline, sending: isSending, reading: true)
        }
    }
}
