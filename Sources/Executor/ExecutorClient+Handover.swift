import Foundation
import Glibc
import Logging
import Synchronization

extension ExecutorClient {
    /// How long runs may wait for an executor to be started before this server lets go without having sent them.
    private static let patience = Duration.seconds(10)

    /// An attempt that a server of the directory ordered.
    package struct OrderedRun: Sendable, Hashable {
        /// The execution.
        package let executionID: UUID
        /// The attempt's fencing token.
        package let fencingToken: Int

        /// The attempt of an execution under its fencing token.
        package init(executionID: UUID, fencingToken: Int) {
            self.executionID = executionID
            self.fencingToken = fencingToken
        }
    }

    /// The runs that the executors of earlier servers have, going on or ended, and that nobody has asked for yet.
    package var inheritedRuns: [OrderedRun] {
        state.withLock { state in
            state.inherited.keys.map(OrderedRun.init)
        }
    }

    /// The runs under way that have been sent to an executor.
    package var sentRuns: [OrderedRun] {
        state.withLock { state in
            state.runs.values.filter { $0.place != nil }.map { OrderedRun($0.key) }
        }
    }

    /// Ends the inherited runs that the database does not grant to this server.
    package func endInherited(except granted: Set<OrderedRun>) {
        state.withLock { state in
            for (key, number) in state.inherited {
                let run = OrderedRun(key)
                guard !granted.contains(run) else { continue }
                state.inherited[key] = nil
                state.runs[number]?.audience = .unwanted
                if let end = state.runs[number]?.end {
                    _ = state.close(number, end)
                } else if let held = state.runs[number]?.held {
                    state.hold(held, of: number)
                } else {
                    state.end(number, .leaseLost)
                }
            }
        }
    }

    /// Lets go of the executors, and leaves them their runs: another server of the directory is about to take over.
    /// Whoever waits for a result is answered nil. Every order that was given has reached its executor before.
    package func detach() async {
        let deadline = ContinuousClock.now + Self.patience
        while state.withLock({ $0.hasUnsent }), ContinuousClock.now < deadline {
            // Cancelled or not, an executor is being started.
            try? await Task.sleep(for: .milliseconds(10))
        }
        let (connections, waiting) = state.withLock { state in
            state.isDetached = true
            let waiting = state.runs.values.compactMap { run in
                if case .waiting(let continuation) = run.audience { continuation } else { nil }
            }
            state.runs = [:]
            state.viewers.dismiss()
            return (state.links.values.map(\.connection), waiting)
        }
        // The closure does not throw.
        try? await BlockingThread.run("qkron-executor-detach") {
            for connection in connections { connection.finish() }
            for connection in connections { connection.waitUntilClosed(for: .seconds(5)) }
        }
        for continuation in waiting { continuation.resume(returning: nil) }
    }

    /// Takes up the executors that an earlier server left. Those of another program get no new runs.
    func inherit() async throws {
        let (configuration, logger) = (self.configuration, self.logger)
        let peers = try await BlockingThread.run("qkron-executor-find") {
            try ExecutorPeer.living(in: configuration, logger: logger)
        }
        let program = configuration.host.program
        for peer in peers {
            let connection = try ExecutorConnection(socket: peer.socket)
            let isCurrent = state.withLock { state in
                state.inherit(peer, connection)
                if state.current == nil, peer.greeting.program == program { state.current = peer.place }
                return state.current == peer.place
            }
            if !isCurrent { connection.send(.retire) }
            logger.notice(
                "An earlier executor goes on",
                metadata: [
                    "pid": "\(peer.pid)", "runs": "\(peer.greeting.runs.count)", "takes_new_runs": "\(isCurrent)",
                ])
            listen(to: connection, of: peer.place)
        }
    }
}

extension ExecutorClient.OrderedRun {
    fileprivate init(_ key: RunKey) {
        self.init(executionID: key.executionID, fencingToken: Int(key.fencingToken))
    }
}

extension ExecutorClient.State {
    fileprivate var hasUnsent: Bool {
        !isStopping && runs.values.contains { $0.place == nil }
    }
}
