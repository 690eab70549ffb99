import Foundation
import Glibc

/// Processes of runs whose executor is gone.
package enum Leftovers {
    /// Ends every process of these attempts on this machine: SIGTERM, the grace, SIGKILL, until none is left. What an
    /// earlier attempt of the same execution left behind lives on.
    ///
    /// For the start of a server after a crash of both it and its executor. Returns how many processes it found.
    package static func end(attempts: [(executionID: UUID, fencingToken: Int)], grace: Duration) async -> Int {
        let marks = attempts.map { RunMark(executionID: $0.executionID, fencingToken: Int64($0.fencingToken)) }
        let found = try? await BlockingThread.run("qkron-leftovers") { end(runs: marks, grace: grace).found }
        // The closure does not throw.
        return found ?? 0
    }

    /// Ends what is left of runs whose executor died; returns once it is gone, or has survived SIGKILL for seconds.
    ///
    /// Blocks. Returns how many processes it found in all, and how many survived of each run.
    static func end(runs: [RunMark], grace: Duration) -> (found: Int, survivors: [RunMark: Int]) {
        guard !runs.isEmpty else { return (0, [:]) }
        let tree = ProcessTree(of: runs.map { TreeIdentity(mark: $0, leader: nil) })
        var members: [RunMark: [ProcessEntry]] = [:]
        let found = end(grace: grace) { candidates in
            members = tree.members(among: candidates)
            return members.values.flatMap { $0 }
        }
        return (found, members.mapValues(\.count))
    }

    /// Reaps dead processes of runs that came to us when their executor died.
    static func reapAdopted() {
        for pid in ProcessTable.ownChildren() {
            // Other children have their own keepers.
            guard ProcessTable.entry(of: pid)?.isAlive == false, ProcessTable.mark(of: pid) != nil else { continue }
            waitpid(pid, nil, WNOHANG)
        }
    }

    private static func end(grace: Duration, find: ([ProcessEntry]) -> [ProcessEntry]) -> Int {
        var ending = TreeEnding(killsAt: BoottimeInstant.now.advanced(by: grace))
        var found: Set<ProcessEntry.ID> = []
        var pause: UInt32 = 2_000
        while true {
            let table = ProcessTable()
            let spared = table.lineage(of: getpid())
            let members = find(table.processes.values.filter { $0.isAlive && !spared.contains($0.pid) })
            found.formUnion(members.map(\.id))
            if ending.advance(members, at: .now) { return found.count }
            if !members.isEmpty {
                usleep(pause)
                pause = min(pause * 2, 50_000)
            }
        }
    }
}
