import Foundation
import Glibc
import Logging
import Synchronization

/// A server's executor: runs commands in it, and keeps it alive.
package final class ExecutorClient: Sendable {
    let configuration: ExecutorConfiguration
    let logger: Logger
    let state = Mutex(State())
    /// One element whenever the executor is lost.
    let losses: AsyncStream<Void>
    private let noteLoss: AsyncStream<Void>.Continuation

    /// Starts an executor and connects to it, once an earlier one of the directory is gone.
    ///
    /// Throws where it cannot be started. `supervise()` must run from then on.
    package static func start(_ configuration: ExecutorConfiguration, logger: Logger) async throws -> ExecutorClient {
        let client = ExecutorClient(configuration, logger: logger)
        try await client.launch()
        return client
    }

    private init(_ configuration: ExecutorConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        (losses, noteLoss) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Whether commands can be run now: an executor is connected and answers.
    package var isHealthy: Bool {
        state.withLock { $0.connection != nil && $0.pings - $0.answered <= 2 }
    }

    /// The executor's process id; nil while there is none.
    package var processID: Int32? {
        state.withLock { $0.connection == nil ? nil : $0.launch?.pid }
    }

    /// Runs a command and answers once it has ended and, where it was made to end, its tree is gone.
    ///
    /// Cancelling the task ends the run as `.ended(.cancelled)`; its result still comes once the tree is gone. While an
    /// executor is being started again the run waits for it.
    package func run(_ request: RunRequest) async -> RunResult {
        let identity: ProcessIdentity?
        do {
            identity = try Self.identity(of: request.user)
        } catch {
            return RunResult(ending: .spawnFailed("\(error)"))
        }
        let number = state.withLock { $0.takeNumber() }
        let end = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let order = RunOrder(request, run: number, identity: identity)
                submit(PendingRun(order: order, continuation: continuation))
            }
        } onCancel: {
            self.end(run: number, .cancelled)
        }
        return await end.readableResult(outputLimit: request.outputLimit)
    }

    /// Moves the deadline of every run, and of those that are yet to come; an earlier one than before changes nothing.
    package func extendLeases(to deadline: LeaseDeadline) {
        state.withLock { state in
            state.deadline = max(state.deadline, deadline.instant)
            for number in state.runs.keys {
                guard let known = state.runs[number]?.order.deadline else { continue }
                state.runs[number]?.order.deadline = max(known, deadline.instant)
            }
            state.connection?.send(.extendAll(deadline: deadline.instant))
        }
    }

    /// Starts an executor and sends it the runs that wait for one.
    func launch() async throws {
        let configuration = self.configuration
        let launch = try await BlockingThread.run("qkron-executor-start") {
            try ExecutorLaunch.start(configuration)
        }
        let connection: ExecutorConnection
        do {
            connection = try ExecutorConnection(socket: launch.socket)
        } catch {
            // Nobody would ever end it, nor reap it.
            try await BlockingThread.run("qkron-executor-end") { launch.bury(after: .zero) }
            throw error
        }
        state.withLock { state in
            state.launch = launch
            state.connection = connection
            state.answered = state.pings
            for number in state.runs.keys.sorted() { state.send(number) }
        }
        connection.start(
            onReports: { [weak self] reports in self?.take(reports) },
            onClose: { [noteLoss] in noteLoss.yield() })
    }

    private func submit(_ run: PendingRun) {
        let refusal: EndReason? = state.withLock { state in
            guard !state.isStopping else { return .shutdown }
            // Before it could be ended: it was not yet known.
            guard !Task.isCancelled else { return .cancelled }
            var run = run
            run.order.deadline = max(run.order.deadline, state.deadline)
            state.runs[run.order.run] = run
            state.send(run.order.run)
            return nil
        }
        if let refusal { run.continuation.resume(returning: RawEnd(ending: .ended(refusal))) }
    }

    private func end(run number: UInt64, _ reason: EndReason) {
        let unsent = state.withLock { state -> PendingRun? in
            guard let run = state.runs[number] else { return nil }
            if !run.isSent { return state.remove(number) }
            state.connection?.send(.end(run: number, reason))
            return nil
        }
        unsent?.continuation.resume(returning: RawEnd(ending: .ended(reason)))
    }

    /// Whose rights a command gets; nil: those of this process.
    ///
    /// Looked up here and not in the executor, whose only thread a slow user database must not hold up.
    private static func identity(of name: String?) throws -> ProcessIdentity? {
        guard let name else { return nil }
        guard let user = SystemUser.lookup(name) else {
            throw ExecutorError(description: "there is no system user \(name)")
        }
        if geteuid() != 0, user.uid == geteuid() { return nil }
        return ProcessIdentity(user: user.uid, group: user.gid, groups: user.groups)
    }
}
