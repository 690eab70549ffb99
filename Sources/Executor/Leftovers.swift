import Foundation
import Glibc

/// Processes of runs whose executor is gone.
package enum Leftovers {
    /// Ends every process of these executions on this machine: SIGTERM, the grace, SIGKILL, until none is left.
    ///
    /// For the start of a server after a crash of both it and its executor. Returns how many processes it found.
    package static func end(executions: [UUID], grace: Duration) async -> Int {
        guard !executions.isEmpty else { return 0 }
        let prefixes = Set(executions.map(RunMark.prefix(of:)))
        let names = executions.map { Array("qkron_execution_id=\($0.uuidString)".lowercased().utf8) }
        let found = try? await BlockingThread.run("qkron-leftovers") {
            end(grace: grace) { candidates in
                candidates.filter { entry in
                    if let mark = ProcessTable.mark(of: entry.pid) { return prefixes.contains(mark >> 20) }
                    let environment = ProcFile.read("/proc/\(entry.pid)/environ") ?? []
                    return names.contains { RunMark.isNamed($0, inEnvironment: environment) }
                }
            }
        }
        // The closure does not throw.
        return found ?? 0
    }

    /// Ends what is left of runs whose executor died; returns once it is gone, or has survived SIGKILL for seconds.
    ///
    /// Blocks. Returns how many processes survived of each run.
    static func end(runs: [RunMark], grace: Duration) -> [RunMark: Int] {
        guard !runs.isEmpty else { return [:] }
        let tree = ProcessTree(of: runs.map { TreeIdentity(mark: $0, leader: nil) })
        var members: [RunMark: [ProcessEntry]] = [:]
        _ = end(grace: grace) { candidates in
            members = tree.members(among: candidates)
            return members.values.flatMap { $0 }
        }
        return members.mapValues(\.count)
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
