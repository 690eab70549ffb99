import Foundation
import Glibc
import Logging
import Synchronization
import SystemUsers

/// A server's executor: runs commands in it, and keeps it alive. Beside it there may be executors of earlier servers
/// whose last runs are going on.
package final class ExecutorClient: Sendable {
    let configuration: ExecutorConfiguration
    let logger: Logger
    let state = Mutex(State())
    private let users = RecentUsers()
    /// One element whenever an executor is lost.
    let losses: AsyncStream<ExecutorPlace>
    private let noteLoss: AsyncStream<ExecutorPlace>.Continuation

    /// Takes over the executors that an earlier server of the directory left, and starts one unless one of them is of
    /// the same program.
    ///
    /// Throws where it cannot be started. `supervise()` must run from then on.
    package static func start(_ configuration: ExecutorConfiguration, logger: Logger) async throws -> ExecutorClient {
        let client = ExecutorClient(configuration, logger: logger)
        try await client.inherit()
        if client.state.withLock({ $0.current == nil }) { try await client.launch() }
        return client
    }

    private init(_ configuration: ExecutorConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        // All are kept: each names another executor.
        (losses, noteLoss) = AsyncStream.makeStream()
    }

    /// Whether commands can be run now: an executor is connected and answers.
    package var isHealthy: Bool {
        state.withLock { state in state.currentLink.map { $0.pings - $0.answered <= 2 } ?? false }
    }

    /// The process id of the executor that gets new runs; nil while there is none.
    package var processID: Int32? {
        state.withLock { $0.currentLink?.peer.pid }
    }

    /// Runs a command and answers once it has ended and, where it was made to end, its tree is gone; nil if the run
    /// goes on without this server, which has let go of its executors.
    ///
    /// A run that an earlier server ordered under this execution and fencing token is carried on, not started again.
    /// Cancelling the task ends the run as `.ended(.cancelled)`; its result still comes once the tree is gone. While an
    /// executor is being started again the run waits for it. Whoever has made use of the result calls `settle`.
    package func run(_ request: RunRequest) async -> RunResult? {
        let end: RawEnd?
        if let number = state.withLock({ $0.inherited.removeValue(forKey: request.key) }) {
            end = await outcome(of: number) { self.attend(to: number, $0) }
        } else {
            do {
                let identity = try identity(of: request.user)
                let number = state.withLock { $0.takeNumber() }
                end = await outcome(of: number) { self.submit(RunOrder(request, run: number, identity: identity), $0) }
            } catch {
                return RunResult(ending: .spawnFailed("\(error)"))
            }
        }
        return await end?.readableResult(outputLimit: request.outputLimit)
    }

    /// Says that the result of a run is recorded, or refused for good: its executor need not keep it any longer.
    package func settle(executionID: UUID, fencingToken: Int) {
        let key = RunKey(executionID: executionID, fencingToken: Int64(fencingToken))
        state.withLock { state in
            guard let (place, number) = state.told.removeValue(forKey: key) else { return }
            let connection = state.links[place]?.connection
            if state.room.leave(number) {
                connection?.send(.settled(run: number))
                state.askForOutput()
            } else {
                // The executor keeps little of such a run.
                connection?.sendWithNext(.settled(run: number))
            }
        }
    }

    /// Moves the deadline of every run, and of those that are yet to come; an earlier one than before changes nothing.
    /// A run whose deadline has passed is over: it may have been given away.
    package func extendLeases(to deadline: LeaseDeadline) {
        state.withLock { state in
            let now = BoottimeInstant.now
            // The executor ends them by itself; but where both of us were stopped it hears this before it has.
            if let latest = state.deadline, latest <= now {
                for number in state.runs.keys { state.end(number, .leaseLost) }
            }
            let latest = max(state.deadline ?? deadline.instant, deadline.instant)
            state.deadline = latest
            for number in state.runs.keys { state.runs[number]?.order?.extend(to: latest, at: now) }
            for link in state.links.values { link.connection.send(.extendAll(deadline: deadline.instant)) }
        }
    }

    /// Starts an executor and sends it the runs that wait for one.
    func launch() async throws {
        let configuration = self.configuration
        // One that retires may be gone already: its place is its own until it has been buried.
        let known = state.withLock { Set($0.links.keys) }
        let peer = try await BlockingThread.run("qkron-executor-start") {
            try ExecutorPeer.start(configuration, except: known)
        }
        let connection: ExecutorConnection
        do {
            connection = try ExecutorConnection(socket: peer.socket)
        } catch {
            // Nobody would ever end it, nor reap it.
            try await BlockingThread.run("qkron-executor-end") { peer.bury(after: .zero, by: configuration.host) }
            throw error
        }
        state.withLock { state in
            state.links[peer.place] = ExecutorLink(peer: peer, connection: connection)
            state.current = peer.place
            for number in state.runs.filter({ $0.value.place == nil }).keys.sorted() { state.send(number) }
        }
        listen(to: connection, of: peer.place)
    }

    func listen(to connection: ExecutorConnection, of place: ExecutorPlace) {
        connection.start(
            onReports: { [weak self] reports in self?.take(reports, from: place) },
            onClose: { [noteLoss] in noteLoss.yield(place) })
    }

    private typealias Waiter = CheckedContinuation<RawEnd?, Never>

    /// Waits for the end of a run that `begin` orders, or finds ordered.
    private func outcome(of number: UInt64, _ begin: (Waiter) -> Void) async -> RawEnd? {
        await withTaskCancellationHandler {
            await withCheckedContinuation(begin)
        } onCancel: {
            self.end(run: number, .cancelled)
        }
    }

    private func submit(_ order: RunOrder, _ waiter: Waiter) {
        enum Refusal { case detached, ended(EndReason) }
        let refusal: Refusal? = state.withLock { state in
            if state.isDetached { return .detached }
            guard !state.isStopping else { return .ended(.shutdown) }
            // Before it could be ended: it was not yet known.
            guard !Task.isCancelled else { return .ended(.cancelled) }
            var order = order
            if let latest = state.deadline { order.extend(to: latest, at: .now) }
            state.runs[order.run] = PendingRun(key: order.key, order: order, audience: .waiting(waiter))
            state.send(order.run)
            return nil
        }
        switch refusal {
        case nil: return
        case .detached: waiter.resume(returning: nil)
        case .ended(let reason): waiter.resume(returning: RawEnd(ending: .ended(reason)))
        }
    }

    /// Waits for a run that an earlier server ordered.
    private func attend(to number: UInt64, _ waiter: Waiter) {
        let told = state.withLock { state -> (Waiter, RawEnd?)? in
            guard !state.isDetached, state.runs[number] != nil else { return (waiter, nil) }
            state.runs[number]?.audience = .waiting(waiter)
            if let end = state.runs[number]?.end { return state.close(number, end) }
            if let held = state.runs[number]?.held {
                state.hold(held, of: number)
                state.askForOutput()
                return nil
            }
            // Before it could be ended: nobody waited for it yet.
            if Task.isCancelled { state.end(number, .cancelled) }
            return nil
        }
        told.map { $0.resume(returning: $1) }
    }

    private func end(run number: UInt64, _ reason: EndReason) {
        let unsent = state.withLock { state -> Waiter? in
            guard let run = state.runs[number] else { return nil }
            guard run.place == nil, case .waiting(let waiter) = run.audience else {
                state.end(number, reason)
                return nil
            }
            state.runs[number] = nil
            return waiter
        }
        unsent?.resume(returning: RawEnd(ending: .ended(reason)))
    }

    /// Whose rights a command gets; nil: those of this process.
    ///
    /// Looked up here and not in the executor, whose only thread a slow user database must not hold up.
    private func identity(of name: String?) throws -> ProcessIdentity? {
        guard let name else { return nil }
        guard let user = users.lookup(name) else {
            throw ExecutorError(description: "there is no system user \(name)")
        }
        // Another executor than our own has other rights than ours.
        if configuration.launcher == nil, geteuid() != 0, user.uid == geteuid() { return nil }
        return ProcessIdentity(user: user.uid, group: user.gid, groups: user.groups)
    }
}
