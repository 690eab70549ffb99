import CLibPQ
import Glibc

/// A libpq connection with deadlines: every wait is a poll(2) that ends in time. Used by one thread at a time.
final class Wire {
    let connection: OpaquePointer
    private let pipe: WakePipe
    /// Set when the server said goodbye or an answer did not come in time.
    private var isBroken = false
    /// How long a cancelled statement may take to end before the connection is given up.
    private static let cancelGrace = Duration.seconds(5)

    /// Connects, blocking for at most `hostTimeout` per host.
    init(_ configuration: PostgresConfiguration, pipe: WakePipe) throws(PostgresError) {
        let parameters = try configuration.connectionParameters()
        var keywords = parameters.map { strdup($0.0) } + [nil]
        var values = parameters.map { strdup($0.1) } + [nil]
        defer { for pointer in keywords + values { free(pointer) } }
        let opened = keywords.withUnsafeMutableBufferPointer { keywords in
            values.withUnsafeMutableBufferPointer { values in
                let count = keywords.count
                return keywords.withMemoryRebound(to: UnsafePointer<CChar>?.self) { keywords in
                    values.withMemoryRebound(to: UnsafePointer<CChar>?.self) { values in
                        count > 0 ? PQconnectdbParams(keywords.baseAddress, values.baseAddress, 1) : nil
                    }
                }
            }
        }
        guard let opened else { throw PostgresError(.unavailable, "There is no memory for a database connection.") }
        guard PQstatus(opened) == CONNECTION_OK, PQsetnonblocking(opened, 1) == 0 else {
            let message = String(cString: PQerrorMessage(opened)).trimmingNewlines
            PQfinish(opened)
            throw PostgresError(.unavailable, message.isEmpty ? "The database cannot be reached." : message)
        }
        connection = opened
        self.pipe = pipe
        PQsetNoticeReceiver(
            connection,
            { context, notice in
                guard let context, let severity = PQresultErrorField(notice, Int32(UInt8(ascii: "V"))) else { return }
                // A goodbye that comes between statements arrives as a notice.
                if ["FATAL", "PANIC"].contains(String(cString: severity)) {
                    Unmanaged<Wire>.fromOpaque(context).takeUnretainedValue().isBroken = true
                }
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        PQfinish(connection)
    }

    var isIdle: Bool { isUsable && PQtransactionStatus(connection) == PQTRANS_IDLE }
    var isInTransaction: Bool { isUsable && PQtransactionStatus(connection) == PQTRANS_INTRANS }
    var isUsable: Bool { !isBroken && PQstatus(connection) == CONNECTION_OK }

    func markBroken() {
        isBroken = true
    }

    /// Looks, without waiting, whether the server has closed the connection since the last answer.
    func isAlive() -> Bool {
        while isUsable {
            var descriptor = pollfd(fd: PQsocket(connection), events: Int16(POLLIN), revents: 0)
            guard poll(&descriptor, 1, 0) > 0 else { return isUsable }
            guard PQconsumeInput(connection) == 1 else { return false }
            // Reads what came, which may be the server's goodbye.
            _ = PQisBusy(connection)
        }
        return false
    }

    /// Sends one or many statements as text.
    func sendScript(_ text: String) throws(PostgresError) {
        try sent(PQsendQuery(connection, text))
    }

    func sendPrepare(_ text: String, name: String, types: [UInt32]) throws(PostgresError) {
        try sent(PQsendPrepare(connection, name, text, Int32(types.count), types))
    }

    /// Sends parameters in binary and asks for a binary answer.
    func sendExecute(_ name: String, _ parameters: [PostgresValue]) throws(PostgresError) {
        let lengths = parameters.map { Int32(truncatingIfNeeded: $0.content.size) }
        let formats = [Int32](repeating: 1, count: parameters.count)
        let status = parameters.withAddresses { values in
            PQsendQueryPrepared(connection, name, Int32(parameters.count), values, lengths, formats, 1)
        }
        try sent(status)
    }

    func sent(_ status: Int32) throws(PostgresError) {
        guard status == 1 else {
            isBroken = true
            throw PostgresError(.unavailable, "The connection to the database was lost.")
        }
    }

    /// Waits for everything the server answers to what was sent, and for its readiness for more.
    ///
    /// A raised interrupt asks the server to stop; what it then answers is returned all the same. Throws `.unavailable`
    /// and breaks the connection when the answer does not come in time.
    func answers(until deadline: ContinuousClock.Instant, interrupt: Interrupt?) throws(PostgresError)
        -> [PostgresResult]
    {
        var deadline = deadline
        var results: [PostgresResult] = []
        var cancel: CancelRequest?
        var isComplete = false
        let isPipeline = PQpipelineStatus(connection) == PQ_PIPELINE_ON
        while true {
            let isSending = PQflush(connection) == 1
            while !isComplete, PQisBusy(connection) == 0 {
                guard let raw = PQgetResult(connection) else {
                    // In a pipeline, this is the end of one of its statements.
                    isComplete = !isPipeline
                    continue
                }
                let result = PostgresResult(raw)
                if result.status == PGRES_PIPELINE_SYNC {
                    isComplete = true
                    try sent(PQexitPipelineMode(connection))
                } else {
                    results.append(result)
                    try refuseCopy(raw)
                }
            }
            if isComplete, cancel?.isDone ?? true { return results }
            if let interrupt, interrupt.isRaised, cancel == nil {
                cancel = CancelRequest(to: connection, waking: pipe)
                deadline = min(deadline, .now + Self.cancelGrace)
            }
            do {
                try wait(until: deadline, sending: isSending, reading: !isComplete)
            } catch {
                // The server's own words, where it found time for them, say more than the closed socket.
                if results.contains(where: { $0.error != nil }) { return results }
                throw error
            }
        }
    }

    /// Waits until another session notifies this one, or the interrupt is raised; then there may be none.
    func notifications(interrupt: Interrupt) throws(PostgresError) -> [(channel: String, payload: String)] {
        while !interrupt.isRaised {
            _ = PQisBusy(connection)
            var received: [(channel: String, payload: String)] = []
            while let notification = PQnotifies(connection) {
                let channel = String(cString: notification.pointee.relname)
                received.append((channel, String(cString: notification.pointee.extra)))
                PQfreemem(notification)
            }
            if !received.isEmpty { return received }
            guard isUsable else { throw PostgresError(.unavailable, "The connection to the database was lost.") }
            try wait(until: nil, sending: false, reading: true)
        }
        return []
    }

    private func refuseCopy(_ result: OpaquePointer) throws(PostgresError) {
        switch PQresultStatus(result) {
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
            isBroken = true
            throw PostgresError(.invalidParameter, "COPY is not supported.")
        default: return
        }
    }

    func wait(until deadline: ContinuousClock.Instant?, sending: Bool, reading: Bool) throws(PostgresError) {
        let events = Int16(sending ? POLLIN | POLLOUT : POLLIN)
        var descriptors = [
            pollfd(fd: pipe.readEnd, events: Int16(POLLIN), revents: 0),
            pollfd(fd: reading ? PQsocket(connection) : -1, events: events, revents: 0),
        ]
        let limit = deadline.map { max(0, ContinuousClock.now.duration(to: $0).wholeMilliseconds + 1) }
        let count = poll(&descriptors, 2, Int32(clamping: limit ?? -1))
        if count == 0, let deadline, .now >= deadline {
            isBroken = true
            var error = PostgresError(
                .unavailable, "The database did not answer in time; the connection was dropped.")
            error.isOverdue = true
            throw error
        }
        if descriptors[0].revents != 0 { pipe.drain() }
        if descriptors[1].revents & ~Int16(POLLOUT) != 0, PQconsumeInput(connection) == 0 { isBroken = true }
        // With a connection that is gone, PQgetResult answers at once, but PQisBusy may wait for ever.
        if isBroken, reading { try drainBroken() }
    }

    private func drainBroken() throws(PostgresError) {
        var error = PostgresError(.unavailable, "The connection to the database was lost.")
        while let raw = PQgetResult(connection) {
            let result = PostgresResult(raw)
            if let answer = result.error, answer.sqlState != nil { error = answer }
            if PQstatus(connection) != CONNECTION_OK { continue }
            break
        }
        throw error
    }
}

extension String {
    fileprivate var trimmingNewlines: String {
        var text = self
        while text.last?.isNewline == true { text.removeLast() }
        return text
    }
}
