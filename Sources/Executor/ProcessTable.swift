import CLinux
import Glibc

/// One process as `/proc` showed it.
struct ProcessEntry: Sendable, Identifiable {
    let pid: pid_t
    let parent: pid_t
    let group: pid_t
    let session: pid_t
    /// When it started, in clock ticks since boot.
    let startedAt: UInt64
    /// False once it is dead, if only waiting to be reaped.
    let isAlive: Bool

    /// Names the process for ever, unlike its pid.
    struct ID: Sendable, Hashable {
        let pid: pid_t
        let startedAt: UInt64
    }

    var id: ID {
        ID(pid: pid, startedAt: startedAt)
    }
}

/// All processes at about one moment: one that forks meanwhile may hide its child, so a single look proves nothing.
struct ProcessTable: Sendable {
    private(set) var processes: [pid_t: ProcessEntry] = [:]

    init() {
        for pid in ProcFile.numbers(in: "/proc") {
            if let entry = Self.entry(of: pid) { processes[pid] = entry }
        }
    }

    /// Every process below the given one.
    func descendants(of root: pid_t) -> [ProcessEntry] {
        let children = Dictionary(grouping: processes.values, by: \.parent)
        var found: [ProcessEntry] = []
        var next = children[root] ?? []
        while let entry = next.popLast() {
            found.append(entry)
            next.append(contentsOf: children[entry.pid] ?? [])
        }
        return found
    }

    /// The process and those above it.
    func lineage(of pid: pid_t) -> Set<pid_t> {
        var line: Set<pid_t> = []
        var next = pid
        while next > 0, line.insert(next).inserted { next = processes[next]?.parent ?? 0 }
        return line
    }

    /// The children of this process, dead ones included.
    static func ownChildren() -> [pid_t] {
        let lists = ProcFile.numbers(in: "/proc/self/task").map { ProcFile.read("/proc/self/task/\($0)/children") }
        if let list = lists.first, list != nil {
            return lists.flatMap { ($0 ?? []).split(separator: 0x20) }
                .compactMap { pid_t(String(decoding: $0, as: UTF8.self)) }
        }
        // Kernels without CONFIG_PROC_CHILDREN.
        let own = getpid()
        return ProcessTable().processes.values.filter { $0.parent == own }.map(\.pid)
    }

    /// The fields of /proc/PID/stat (proc(5)); the name in parentheses may hold anything.
    static func entry(of pid: pid_t) -> ProcessEntry? {
        guard let stat = ProcFile.read("/proc/\(pid)/stat"), let name = stat.lastIndex(of: 0x29) else { return nil }
        let fields = stat[(name + 1)...].split(separator: 0x20, maxSplits: 20)
        guard fields.count > 19 else { return nil }
        func number(_ index: Int) -> UInt64 {
            fields[index].reduce(0) { $0 &* 10 &+ UInt64($1 &- 0x30) }
        }
        let state = fields[0].first
        let isDead = state == UInt8(ascii: "Z") || state == UInt8(ascii: "X")
        return ProcessEntry(
            pid: pid, parent: pid_t(truncatingIfNeeded: number(1)), group: pid_t(truncatingIfNeeded: number(2)),
            session: pid_t(truncatingIfNeeded: number(3)), startedAt: number(19),
            // A process whose first thread has ended looks dead while others still run.
            isAlive: !isDead || number(17) > 1)
    }

    /// The run mark that the process bears; nil where it bears none or is gone.
    static func mark(of pid: pid_t) -> UInt64? {
        if case .value(let limit) = lockLimit(of: pid), RunMark.isWellFormed(limit) { limit } else { nil }
    }

    /// The hard limit that a mark is set as.
    enum LockLimit: Equatable {
        case unlimited
        case value(UInt64)
    }

    /// As whom the process runs (its real user); nil where it is gone.
    static func user(of pid: pid_t) -> UInt32? {
        guard let status = ProcFile.read("/proc/\(pid)/status") else { return nil }
        return ProcFile.words(of: "Uid", in: status)?.first.flatMap { UInt32($0) }
    }

    /// That limit of a process; nil where it cannot be read.
    static func lockLimit(of pid: pid_t) -> LockLimit? {
        guard let limits = ProcFile.read("/proc/\(pid)/limits") else { return nil }
        for line in limits.split(separator: 0x0A) where line.starts(with: "Max file locks".utf8) {
            let fields = line.dropFirst(14).split(separator: 0x20)
            guard fields.count >= 2 else { return nil }
            let hard = String(decoding: fields[1], as: UTF8.self)
            return hard == "unlimited" ? .unlimited : UInt64(hard).map(LockLimit.value)
        }
        return nil
    }
}

extension ProcessEntry {
    /// Sends a signal to exactly the process that was seen; one that took over its pid is spared.
    func signal(_ number: Int32) {
        let pidfd = qkron_pidfd_open(pid)
        guard pidfd >= 0 else { return }
        defer { close(pidfd) }
        guard ProcessTable.entry(of: pid)?.startedAt == startedAt else { return }
        _ = qkron_pidfd_signal(pidfd, number)
    }
}

/// Files of `/proc`, whose size is only known by reading them.
enum ProcFile {
    /// The first 256 KiB; nil where the file is gone or forbidden.
    static func read(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var content: [UInt8] = []
        while content.count < 1 << 18 {
            let chunk = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
                count = max(0, Glibc.read(descriptor, buffer.baseAddress, 4096))
            }
            content.append(contentsOf: chunk)
            // Not at a short read: lists end a read where the next entry does not fit.
            if chunk.isEmpty { break }
        }
        return content
    }

    /// What stands behind a name in a status file; nil where the name is not there.
    static func words(of name: String, in status: [UInt8]) -> [String]? {
        let line = status.split(separator: 0x0A).first { $0.starts(with: "\(name):".utf8) }
        let words = line?.dropFirst(name.utf8.count + 1).split { $0 == 0x09 || $0 == 0x20 }
        return words?.map { String(decoding: $0, as: UTF8.self) }
    }

    /// The entries of a directory that are numbers.
    static func numbers(in path: String) -> [pid_t] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var numbers: [pid_t] = []
        while let found = readdir(directory) {
            let number = withUnsafePointer(to: &found.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { atoi($0) }
            }
            if number > 0 { numbers.append(number) }
        }
        return numbers
    }
}
