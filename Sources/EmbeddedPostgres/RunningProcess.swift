import Foundation
import SystemPackage

/// A process of this machine that cannot be mistaken for a later one with the same number.
struct RunningProcess: Sendable, Equatable {
    let id: Int32
    /// Clock ticks between boot and the start of the process; with `id` it names one process for ever.
    private let startTime: UInt64

    /// The process of that number, nil where there is none or it has ended and only waits to be reaped.
    init?(id: Int32) {
        guard id > 0, let standing = Self.standing(of: id), !standing.hasEnded else { return nil }
        self.id = id
        startTime = standing.startTime
    }

    /// Every process of this machine.
    static func all() -> [RunningProcess] {
        // Without /proc nothing here could tell processes apart, and none is found.
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.compactMap { Int32($0).flatMap(RunningProcess.init) }
    }

    /// Whether it still runs; reaps it if it was ours and has ended.
    var isAlive: Bool {
        guard let standing = Self.standing(of: id), standing.startTime == startTime else { return false }
        // An orphan becomes the child of the nearest subreaper, which may be this process.
        if standing.hasEnded { waitpid(id, nil, WNOHANG) }
        return !standing.hasEnded
    }

    /// The words of its command line; PostgreSQL's own children show a title in the first.
    var arguments: [String] {
        let line = Files.contents(of: FilePath("/proc/\(id)/cmdline")) ?? ""
        return line.split(separator: "\0").map(String.init)
    }

    /// The last component of the first word.
    var programName: String { arguments.first.flatMap { FilePath($0).lastComponent?.string } ?? "" }

    var owner: uid_t? {
        var status = stat()
        return stat("/proc/\(id)", &status) == 0 ? status.st_uid : nil
    }

    /// Its working directory, nil where we may not know it (root in a container without CAP_SYS_PTRACE).
    var workingDirectory: FilePath? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/\(id)/cwd", &buffer, buffer.count)
        guard count > 0 else { return nil }
        return FilePath(String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self))
    }

    /// Signals it if it still runs. Its number could only be taken by another between the two calls.
    func signal(_ number: Int32) {
        if isAlive { kill(id, number) }
    }

    /// Fields as in proc(5); the name in the second may hold anything.
    private static func standing(of id: Int32) -> (startTime: UInt64, hasEnded: Bool)? {
        guard let text = Files.contents(of: FilePath("/proc/\(id)/stat")), let end = text.lastIndex(of: ")") else {
            return nil
        }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, let startTime = UInt64(fields[19]) else { return nil }
        return (startTime, ["Z", "X"].contains(fields[0]))
    }
}
