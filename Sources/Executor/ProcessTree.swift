import Glibc

/// A run whose processes are looked for.
struct TreeIdentity: Sendable, Hashable {
    let mark: RunMark
    /// The shell, while its pid cannot have been given to another process: it lives or was not reaped. Else nil.
    let leader: pid_t?
}

/// Finds the processes of runs.
///
/// A process belongs to a run by any of: its mark (see `RunMark`); its session or process group, which the leader may
/// be about to make; a parent that belongs to it; and, where it bears no mark at all, `QKRON_EXECUTION_ID` and
/// `QKRON_FENCING_TOKEN` in its environment. None of these is shared by two attempts, so neither another run nor what
/// an earlier attempt of the same execution left behind is ever hit.
struct ProcessTree {
    private var bySession: [pid_t: RunMark] = [:]
    private var byMark: [UInt64: RunMark] = [:]
    private let marks: [RunMark]

    init(of runs: [TreeIdentity]) {
        marks = runs.map(\.mark)
        for run in runs {
            byMark[run.mark.value] = run.mark
            if let leader = run.leader { bySession[leader] = run.mark }
        }
    }

    /// The living members of each run among the candidates.
    func members(among candidates: [ProcessEntry]) -> [RunMark: [ProcessEntry]] {
        var owners: [pid_t: RunMark] = [:]
        for entry in candidates where entry.isAlive { owners[entry.pid] = owner(of: entry) }
        inheritOwners(among: candidates, &owners)
        var members: [RunMark: [ProcessEntry]] = [:]
        for entry in candidates where entry.isAlive {
            if let owner = owners[entry.pid] { members[owner, default: []].append(entry) }
        }
        return members
    }

    private func owner(of entry: ProcessEntry) -> RunMark? {
        if let run = bySession[entry.session] ?? bySession[entry.group] ?? bySession[entry.pid] { return run }
        if let mark = ProcessTable.mark(of: entry.pid) { return byMark[mark] }
        guard let environment = ProcFile.read("/proc/\(entry.pid)/environ"), !environment.isEmpty else { return nil }
        return marks.first { $0.isNamed(inEnvironment: environment) }
    }

    /// Gives a process without an owner that of the nearest process above it.
    private func inheritOwners(among candidates: [ProcessEntry], _ owners: inout [pid_t: RunMark]) {
        let parents = Dictionary(candidates.map { ($0.pid, $0.parent) }, uniquingKeysWith: { first, _ in first })
        for entry in candidates where entry.isAlive && owners[entry.pid] == nil {
            var ancestor = entry.parent
            var steps = 0
            while let above = parents[ancestor], owners[ancestor] == nil, steps < 4096 {
                ancestor = above
                steps += 1
            }
            owners[entry.pid] = owners[ancestor]
        }
    }
}
