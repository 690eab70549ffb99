import CLinux
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
                    await self.checkPulse()
                    self.noteLauncherLoss()
                    Leftovers.reapAdopted()
                }
            }
        }
        await stop()
    }

    /// Asks each executor for a sign of life, once a second, and kills one that has given none for some seconds: hung
    /// or stopped it could not end a run whose lease lapses.
    private func checkPulse() async {
        let hung = state.withLock { state in
            state.links.values.compactMap { link -> (pid: pid_t, pidfd: Int32, place: ExecutorPlace)? in
                let peer = link.peer
                // A count, not a time: a server that was stopped itself has asked nothing meanwhile.
                guard link.pings - link.answered < 5 else {
                    // A copy, taken under the lock: the descriptor is closed only once the link is gone.
                    return (peer.pid, fcntl(peer.pidfd, F_DUPFD_CLOEXEC, 3), peer.place)
                }
                state.links[peer.place]?.pings += 1
                link.connection.send(.ping(number: link.pings + 1))
                return nil
            }
        }
        guard !hung.isEmpty else { return }
        let host = configuration.host
        // The closure does not throw.
        try? await BlockingThread.run("qkron-executor-kill") {
            for (pid, pidfd, place) in hung {
                host.kill(pid, pidfd: pidfd, at: place)
                close(pidfd)
            }
        }
        for (pid, _, _) in hung {
            logger.error("The executor does not answer and is killed", metadata: ["pid": "\(pid)"])
        }
    }

    /// Says once that the launcher has ended: the executor goes on, and the server with it until it needs another.
    private func noteLauncherLoss() {
        guard let launcher = configuration.launcher, launcher.isGone else { return }
        launcher.reap()
        let isNews = state.withLock { state in
            defer { state.isLauncherLossTold = true }
            return !state.isLauncherLossTold
        }
        if isNews { logger.error("The launcher has ended: when it is needed, the server ends as well") }
    }

    private func recoverFromLosses() async {
        for await place in losses where !Task.isCancelled && !state.withLock({ $0.isDetached }) {
            let (wasCurrent, hadRuns) = state.withLock { state in
                (state.current == place, state.runs.values.contains { $0.place == place })
            }
            // One that retires goes when its work is done.
            if wasCurrent || hadRuns { logger.error("The executor is gone") }
            await bury(place, after: .seconds(1))
            if wasCurrent { await relaunch() }
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
                giveUpUnsent()
            }
            // Throws only when cancelled, which the loop notices.
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(10))
        }
    }

    /// Sees an executor dead, ends what is left of its runs, and resolves them.
    private func bury(_ place: ExecutorPlace, after patience: Duration) async {
        guard let (link, runs) = state.withLock({ $0.remove(place) }) else { return }
        let grace = min(configuration.killGrace, configuration.leaseGrace)
        // What a run that ended by itself left behind lives on.
        let keys = runs.values.filter { $0.held == nil }.map(\.key)
        let host = configuration.host
        let survivors = try? await BlockingThread.run("qkron-executor-end") {
            link.peer.bury(after: patience, by: host)
            // What it reported before its end counts.
            link.connection.waitUntilClosed(for: .seconds(30))
            defer { Leftovers.reapAdopted() }
            return host.endLeftovers(of: keys, grace: grace)
        }
        // The closure does not throw.
        let counted = survivors ?? [:]
        resolve(runs.mapValues { RawEnd(ending: .executorLost, survivors: counted[$0.key.mark] ?? 0) })
    }

    /// Ends every process of these attempts on this machine: SIGTERM, the grace, SIGKILL, until none is left. What an
    /// earlier attempt of the same execution left behind lives on.
    ///
    /// For the start of a server after a crash of both it and its executor.
    package func endLeftovers(of attempts: [(executionID: UUID, fencingToken: Int)], grace: Duration) async {
        let keys = attempts.map { RunKey(executionID: $0.executionID, fencingToken: Int64($0.fencingToken)) }
        let host = configuration.host
        // The closure does not throw.
        _ = try? await BlockingThread.run("qkron-leftovers") { host.endLeftovers(of: keys, grace: grace) }
    }

    private func resolve(_ ends: [UInt64: RawEnd]) {
        let told = state.withLock { state in
            ends.compactMap { number, end in state.resolve(number, end) }
        }
        for (continuation, end) in told { continuation.resume(returning: end) }
    }

    private func giveUpUnsent() {
        let unsent = state.withLock { state in state.runs.filter { $0.value.place == nil } }
        resolve(unsent.mapValues { _ in RawEnd(ending: .executorLost) })
    }

    private func stop() async {
        let links = state.withLock { state in
            state.isStopping = true
            return state.isDetached ? [:] : state.links
        }
        for link in links.values { link.connection.send(.shutdown) }
        for place in links.keys { await bury(place, after: configuration.longestEnd) }
        giveUpUnsent()
    }
}
