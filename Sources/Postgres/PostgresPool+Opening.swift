import Logging
import Synchronization

/// How a pool reaches its server, and finds it again.
extension PostgresPool {
    /// A new connection; nil where there is none, or none in time, and with that an outage.
    func open() async throws -> PostgresConnection? {
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
                    self?.keep(connection)
                }
            } catch {
                attempt.yield(.failure(error))
            }
        }
        defer { patience.isOver.store(true, ordering: .relaxed) }
        do {
            let limit = configuration.attemptLimit.map { begun + $0 }
            guard let connection = try await attempts.first(before: limit)?.get() else {
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

    /// Keeps a connection that nobody waits for.
    func keep(_ connection: PostgresConnection) {
        shelf.keep(connection)
        noteSuccess()
    }

    private func noteSuccess() {
        if outage.attemptSucceeded() { logger.notice("database reachable again") }
    }

    private func noteFailure(_ error: PostgresError, begun instant: ContinuousClock.Instant) {
        guard let number = outage.attemptFailed(error, begun: instant) else { return }
        logger.warning("database unreachable", metadata: ["error": "\(error)"])
        // It lasts as long as this outage, and longer than whoever found that out waits. It is no service, since pools
        // heal where no services run, too: at the console, and before a server has started.
        Task { [weak self, configuration, outage] in
            var failures = 1
            while true {
                // Nobody cancels it.
                try? await Task.sleep(for: Outage.delay(afterFailures: failures))
                guard outage.isKnown(number), self?.isClosed == false else { return }
                failures += 1
                // Why it fails is known already.
                guard let connection = try? await PostgresConnection.connect(configuration) else { continue }
                self?.keep(connection)
            }
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
