import CLinux
import Glibc

extension ExecutorLoop {
    private static let shortestPause = Duration.milliseconds(2)
    private static let longestPause = Duration.milliseconds(50)
    private static let sweepPause = Duration.milliseconds(100)

    /// A run's own time has come: its output was awaited long enough, it timed out, or its lease lapsed.
    func obeyClock(_ run: CommandRun, at now: BoottimeInstant) {
        switch run.phase {
        case .draining(let cause, _): finish(run, cause, survivors: 0)
        case .running: end(run, run.deadline <= now ? .leaseLapsed : .timedOut)
        case .ending: return
        }
    }

    /// Begins to end the run's tree. A run that ended by itself keeps its own end; one that is being ended, its reason.
    func end(_ run: CommandRun, _ cause: EndedRun.Cause) {
        guard case .running = run.phase else { return }
        if let own = run.shellEnd(reaps: true) {
            stopWatchingExit(of: run)
            drain(run, after: own)
            return
        }
        let now = BoottimeInstant.now
        // Whatever the cause, nothing outlives the lease by more than its own grace.
        let latest = run.deadline.advanced(by: leaseGrace)
        let grace = cause == .leaseLapsed ? min(killGrace, leaseGrace) : killGrace
        run.phase = .ending(cause, TreeEnding(killsAt: min(now.advanced(by: grace), max(latest, now))))
        kill(-run.pid, SIGTERM)
        kill(-run.pid, SIGCONT)
        lookSoon()
    }

    /// Looks at the trees that are being ended as soon as the events at hand are handled.
    func lookSoon() {
        lookPause = Self.shortestPause
        nextLook = .now
        wake(at: .now)
    }

    /// Looks at the processes of all trees that are being ended, signals them, and reports the runs that have none.
    func lookAtTrees() {
        let began = BoottimeInstant.now
        for _ in 0..<2 {
            let ending = runs.values.filter(\.isEnding)
            guard !ending.isEmpty else { break }
            let candidates = ProcessTable().descendants(of: ownPID)
            let members = ProcessTree(of: ending.map(\.tree)).members(among: candidates)
            for run in ending { advance(run, members[run.tree.mark] ?? []) }
            if !ending.contains(where: \.wasFoundEmpty) { break }
        }
        scheduleSweep(at: began)
        let now = BoottimeInstant.now
        let kills = runs.values.compactMap(\.killsAt)
        guard !kills.isEmpty else {
            nextLook = nil
            return
        }
        // Looking at every process must not take more than a quarter of our time.
        let pause = max(lookPause, began.duration(to: now) * 3)
        lookPause = min(lookPause * 2, Self.longestPause)
        let nextKill = kills.filter { $0 > now }.min() ?? now.advanced(by: pause)
        nextLook = min(now.advanced(by: pause), nextKill)
    }

    private func advance(_ run: CommandRun, _ members: [ProcessEntry]) {
        guard case .ending(let cause, var ending) = run.phase else { return }
        let now = BoottimeInstant.now
        // At once for the whole group, so that none of it can fork away meanwhile. The shell is not reaped yet, so the
        // number is still the group's.
        if now >= ending.killsAt { kill(-run.pid, SIGKILL) }
        let isOver = ending.advance(members, at: now)
        run.phase = .ending(cause, ending)
        if isOver { finish(run, cause, survivors: ending.remaining) }
    }

    func scheduleSweep(at now: BoottimeInstant) {
        let soon = now.advanced(by: Self.sweepPause)
        guard nextSweep > soon else { return }
        nextSweep = soon
        wake(at: soon)
    }

    /// Reaps the dead among the processes that came to us when they lost their parent, and kills the forgers.
    func reapOrphans(at now: BoottimeInstant) {
        let shells = Set(runs.values.map(\.pid))
        let orphans = ProcessTable.ownChildren().filter { !shells.contains($0) }
        for orphan in orphans {
            if waitpid(orphan, nil, WNOHANG) == 0, canTrustMarks, isForger(orphan) { kill(orphan, SIGKILL) }
        }
        nextSweep = now.advanced(by: orphans.isEmpty ? .seconds(10) : .seconds(1))
    }

    /// Whether an orphan has thrown off the mark that all we started is born with and hands down. An honest command
    /// does not: what it leaves behind bears its mark.
    private func isForger(_ orphan: pid_t) -> Bool {
        switch ProcessTable.lockLimit(of: orphan) {
        // It has ended meanwhile, or hides, which is no crime.
        case nil: false
        case .unlimited: true
        case .value(let limit): !RunMark.isWellFormed(limit)
        }
    }
}

extension CommandRun {
    fileprivate var isEnding: Bool {
        killsAt != nil
    }

    fileprivate var killsAt: BoottimeInstant? {
        if case .ending(_, let ending) = phase { ending.killsAt } else { nil }
    }

    fileprivate var wasFoundEmpty: Bool {
        if case .ending(_, let ending) = phase { ending.emptyLooks > 0 } else { false }
    }
}
