import Actions
import Credentials
import Domain
import Logging
import Storage

/// Makes one attempt: runs the action, ends it when it must end, decides what follows, and hands that over to be
/// recorded.
package struct AttemptRunner: Sendable {
    private let catalog: ActionCatalog
    private let running: RunningAttempts
    private let completer: Completer
    private let secrets: SecretBox
    private let logger: Logger

    /// A runner of the kinds in `catalog`, whose results go to `completer`; `secrets` opens what tasks keep sealed.
    package init(
        catalog: ActionCatalog, running: RunningAttempts, completer: Completer, secrets: SecretBox, logger: Logger
    ) {
        self.catalog = catalog
        self.secrets = secrets
        self.running = running
        self.completer = completer
        self.logger = logger
    }

    /// Lets go of attempts whose ends cannot be recorded.
    func giveUpRecording() {
        completer.close()
    }

    /// Makes the attempt of `lease`, which `running` holds already; returns when it is recorded, or refused, or goes on
    /// without this server.
    ///
    /// - Parameter deadline: until when the node's lease holds unless it is renewed.
    func run(_ lease: Lease, deadline: ContinuousClock.Instant, endSignal: AsyncStream<Void>) async {
        EngineMetrics.started(lease)
        let clock = ContinuousClock()
        let start = clock.now
        guard let report = await performed(lease, deadline, endSignal) else { return running.remove(lease) }
        let decision = lease.retryPolicy.decision(after: report.outcome, attempt: lease.attempt)
        let isRecorded = await completer.finish(FinishedAttempt(lease: lease, report: report, decision: decision))
        catalog.settle(lease)
        let isForgotten = running.ending(of: lease) == .heard(.forgetIt)
        running.remove(lease)
        if !isForgotten { tell(lease, decision, isRecorded: isRecorded, duration: clock.now - start) }
    }

    private enum Event {
        case report(AttemptReport?)
        case mustEnd
    }

    /// The action's report; nil if it goes on without this server. Cancelling the action is how it is ended.
    private func performed(
        _ lease: Lease, _ deadline: ContinuousClock.Instant, _ endSignal: AsyncStream<Void>
    ) async -> AttemptReport? {
        let opened: [TextKey: String]
        do {
            opened = try open(lease)
        } catch {
            // What an earlier server started has its secrets, and goes on.
            guard catalog.inheritedAttempts.contains(lease.attemptID) else {
                return AttemptReport(outcome: .failed(.spawnError), error: "\(error)")
            }
            opened = [:]
        }
        let report = await withTaskGroup(of: Event.self) { group in
            group.addTask { .report(await catalog.run(lease, secrets: opened, deadline: deadline)) }
            group.addTask {
                for await _ in endSignal {}
                return .mustEnd
            }
            var report: AttemptReport?
            // Whichever comes first ends the other: the action, or the wish that it end.
            while let event = await group.next() {
                if case .report(let found) = event { report = found }
                group.cancelAll()
            }
            return report
        }
        return report?.ended(by: running.ending(of: lease))
    }

    /// The secret values of the action.
    private func open(_ lease: Lease) throws(SealedSecretError) -> [TextKey: String] {
        var opened: [TextKey: String] = [:]
        for (name, sealed) in lease.action.sealed {
            do {
                opened[name] = try secrets.open(sealed, of: lease.taskID, named: name.text)
            } catch {
                throw SealedSecretError(name: name.text, cause: error)
            }
        }
        return opened
    }

    private func tell(_ lease: Lease, _ decision: RetryDecision, isRecorded: Bool, duration: Duration) {
        var logger = logger
        logger[metadataKey: "task_id"] = "\(lease.taskID)"
        logger[metadataKey: "execution_id"] = "\(lease.executionID)"
        logger[metadataKey: "attempt"] = "\(lease.attempt)"
        guard isRecorded else {
            EngineMetrics.resultCameTooLate()
            logger.warning("A result came too late: the lease was lost")
            return
        }
        switch decision {
        case .again(let seconds):
            logger.info("An attempt failed and is tried again", metadata: ["after_seconds": "\(seconds)"])
        case .end(let status, let reason):
            logger.info(
                "An execution ended", metadata: ["status": "\(status.rawValue)", "reason": "\(reason?.rawValue ?? "")"])
            EngineMetrics.ended(lease, status: status, duration: duration)
        case .replace(let reason, _):
            logger.warning("An execution was interrupted", metadata: ["reason": "\(reason.rawValue)"])
            EngineMetrics.ended(lease, status: .failed, duration: duration)
        }
    }
}

extension AttemptReport {
    /// The report of an attempt that was told to end; one that ended by itself keeps its own outcome.
    fileprivate func ended(by ending: RunningAttempts.Ending?) -> AttemptReport {
        guard case .cancelled = outcome else { return self }
        let (outcome, error): (Outcome, String) =
            switch ending {
            case .heard(.end(let reason)): (.cancelled(reason), "Cancelled")
            case .heard(.forgetIt): (.cancelled(.taskCancelled), "The task was deleted")
            case .heard(.leaseGone): (.lost, "The run was interrupted: the lease was lost")
            case .shutdown, nil: (.shutDown, "The run was interrupted: the server stopped")
            }
        return AttemptReport(
            outcome: outcome, returnCode: nil, error: error, result: result, stdout: stdout, stderr: stderr)
    }
}

/// A secret of a task that cannot be opened.
private struct SealedSecretError: Error, CustomStringConvertible {
    let name: String
    let cause: SecretBoxError

    var description: String { "The secret '\(name)' cannot be opened: \(cause)" }
}
