import Glibc

/// Processes of runs whose executor is gone.
enum Leftovers {
    /// Ends every process of these runs on this machine that `mayEnd` lets be ended: SIGTERM, the grace, SIGKILL;
    /// returns once none is left, or has survived SIGKILL for seconds. What an earlier attempt of the same execution
    /// left behind lives on.
    ///
    /// Blocks. Returns how many processes survived of each run.
    static func end(
        runs: [RunMark], grace: Duration, mayEnd: (ProcessEntry) -> Bool = { _ in true }
    ) -> [RunMark: Int] {
        guard !runs.isEmpty else { return [:] }
        let tree = ProcessTree(of: runs.map { TreeIdentity(mark: $0, leader: nil) })
        var members: [RunMark: [ProcessEntry]] = [:]
        end(grace: grace) { candidates in
            members = tree.members(among: candidates).mapValues { $0.filter(mayEnd) }
            return members.values.flatMap { $0 }
        }
        return members.mapValues(\.count)
    }

    /// Reaps dead processes of runs that came to us when their executor died.
    static func reapAdopted() {
        for pid in ProcessTable.ownChildren() {
            // Other children are waited for by whoever started them.
            guard ProcessTable.entry(of: pid)?.isAlive == false, ProcessTable.mark(of: pid) != nil else { continue }
            waitpid(pid, nil, WNOHANG)
        }
    }

    private static func end(grace: Duration, find: ([ProcessEntry]) -> [ProcessEntry]) {
        var ending = TreeEnding(killsAt: BoottimeInstant.now.advanced(by: grace))
        var pause: UInt32 = 2_000
        while true {
            let table = ProcessTable()
            let spared = table.lineage(of: getpid())
            let members = find(table.processes.values.filter { $0.isAlive && !spared.contains($0.pid) })
            if ending.advance(members, at: .now) { return }
            if !members.isEmpty {
                usleep(pause)
                pause = min(pause * 2, 50_000)
            }
        }
    }
}
