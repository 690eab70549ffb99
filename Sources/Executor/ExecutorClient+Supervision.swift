import Foundation
import Glibc
import Logging
import Synchronization

extension ExecutorClient {
    /// Keeps an executor alive until the task is cancelled, then has it end its runs and waits until it is gone.
    ///
    /// When the executor dies, what is left of its runs is ended first, then those runs are resolved as
    /// `.executorLost`, then a new executor is started. The process should be a subreaper (`ProcessProtection`), so
    /// that a command's orphans come to it.
    package func supervise() async {
        await withTaskGroup { group in
            group.addTask { await self.recoverFromLosses() }
            group.addTask {
                // Throws only when cancelled.
                while (try? await Task.sleep(for: .seconds(1))) != nil {
                    self.checkPulse()
                    Leftovers.reapAdopted()
                }
            }
        }
        await stop()
    }

    /// Asks the executor for a sign of life, once a second, and kills one that has given none for some seconds: hung or
    /// stopped it could not end a run whose lease lapses.
    private func checkPulse() {
        let hung: Int32? = state.withLock { state in
            // A count, not a time: a server that was stopped itself has asked nothing meanwhile.
            guard let connection = state.connection, state.pings - state.answered < 5 else {
                return state.connection == nil ? nil : state.launch?.pid
            }
            state.pings += 1
            connection.send(.ping(number: state.pings))
            return nil
        }
        guard let hung else { return }
        logger.error("The executor does not answer and is killed", metadata: ["pid": "\(hung)"])
        // Our child, and not reaped before its loss is settled: the pid is still its.
        kill(hung, SIGKILL)
    }

    private func recoverFromLosses() async {
        for await _ in losses where !Task.isCancelled {
            logger.error("The executor is gone")
            await settle(after: .seconds(1))
            await relaunch()
        }
    }

    private func relaunch() async {
        var pause = Duration.milliseconds(100)
        while !Task.isCancelled {
            do {
                try await launch()
                logger.notice("A new executor has been started", metadata: ["pid": "\(processID ?? 0)"])
                return
            } catch {
                logger.error("The executor cannot be started", metadata: ["error": "\(error)"])
                resolve(state.withLock { Array($0.runs.keys) }, survivors: [:])
            }
            // Throws only when cancelled, which the loop notices.
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(10))
        }
    }

    /// Sees the executor dead, ends what is left of its runs, and resolves them.
    private func settle(after patience: Duration) async {
        let (launch, connection, sent) = state.withLock { state in
            defer {
                state.launch = nil
                state.connection = nil
            }
            let sent = state.runs.values.filter(\.isSent).map { ($0.order.run, $0.order.mark) }
            return (state.launch, state.connection, sent)
        }
        let marks = sent.map(\.1)
        let grace = min(configuration.killGrace, configuration.leaseGrace)
        let survivors = try? await BlockingThread.run("qkron-executor-end") {
            launch?.bury(after: patience)
            // What it reported before its end counts.
            connection?.waitUntilClosed(for: .seconds(30))
            defer { Leftovers.reapAdopted() }
            return Leftovers.end(runs: marks, grace: grace)
        }
        // The closure does not throw.
        let counted = survivors ?? [:]
        resolve(
            sent.map(\.0),
            survivors: Dictionary(sent.map { ($0.0, counted[$0.1] ?? 0) }, uniquingKeysWith: { first, _ in first }))
    }

    private func resolve(_ numbers: [UInt64], survivors: [UInt64: Int]) {
        let lost = state.withLock { state in numbers.compactMap { state.remove($0) } }
        for run in lost {
            run.continuation.resume(
                returning: RawEnd(ending: .executorLost, survivors: survivors[run.order.run] ?? 0))
        }
    }

    private func stop() async {
        let connection = state.withLock { state in
            state.isStopping = true
            return state.connection
        }
        connection?.send(.shutdown)
        await settle(after: configuration.longestEnd)
        resolve(state.withLock { Array($0.runs.keys) }, survivors: [:])
    }
}
