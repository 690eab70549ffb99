import Foundation

/// What /proc tells of a process.
package struct ProcessEntry: Sendable, CustomStringConvertible {
    package let id: Int32
    package let parent: Int32
    package let commandLine: [String]
    package let environment: String
    package let directory: String

    package var description: String { "\(id) (parent \(parent)): \(commandLine.joined(separator: " "))" }
}

/// The processes of this machine, zombies left out.
package enum ProcessTable {
    package static func all() -> [ProcessEntry] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.compactMap(entry)
    }

    /// The living ones that bear `mark` in their command line, environment or working directory.
    package static func bearing(_ mark: String) -> [ProcessEntry] {
        all().filter {
            $0.environment.contains(mark) || $0.directory.contains(mark)
                || $0.commandLine.contains { $0.contains(mark) }
        }
    }

    /// The executors of the server on a data directory.
    package static func executors(in dataDirectory: String) -> [Int32] {
        all().filter {
            let words = $0.commandLine
            guard words.count > 2, words[1] == "executor" else { return false }
            // One of root is found elsewhere, and told by the last word whose it is.
            return words[2].hasPrefix("\(dataDirectory)/") || words.last == dataDirectory
        }.map(\.id)
    }

    /// The launchers of the server on a data directory, which has one where root started it.
    package static func launchers(of dataDirectory: String) -> [Int32] {
        all().filter {
            $0.commandLine.count > 2 && $0.commandLine[1] == "launcher" && $0.commandLine.last == dataDirectory
        }.map(\.id)
    }

    /// Whether a process has said what a signal shall do, so that this does not end it.
    package static func outlives(_ signal: Int32, _ id: Int32) -> Bool {
        ["SigIgn", "SigCgt"].contains { name in
            let mask = status(name, of: id)?.first.flatMap { UInt64($0, radix: 16) } ?? 0
            return mask >> UInt64(signal - 1) & 1 == 1
        }
    }

    /// What stands behind a name in a process's status file; nil where one of the two is not there.
    package static func status(_ name: String, of id: Int32) -> [String]? {
        let status = try? String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix("\(name):") }
        return line?.dropFirst(name.count + 1).split { $0 == "\t" || $0 == " " }.map(String.init)
    }

    package static func isAlive(_ id: Int32) -> Bool { entry(id) != nil }

    private static func entry(_ id: Int32) -> ProcessEntry? {
        // The name in brackets may itself hold brackets and blanks.
        guard let status = text("/proc/\(id)/stat"), let bracket = status.lastIndex(of: ")") else { return nil }
        let fields = status[bracket...].split(separator: " ")
        guard fields.count > 2, fields[1] != "Z", fields[1] != "X", let parent = Int32(fields[2]) else { return nil }
        let words = (text("/proc/\(id)/cmdline") ?? "").split(separator: "\0").map(String.init)
        let directory = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(id)/cwd")
        return ProcessEntry(
            id: id, parent: parent, commandLine: words, environment: text("/proc/\(id)/environ") ?? "",
            directory: directory ?? "")
    }

    private static func text(_ path: String) -> String? {
        // Files of /proc have no length, and vanish with their process.
        guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? handle.close() }
        guard let data = try? handle.readToEnd() else { return nil }
        return String(decoding: data, as: UTF8.self)
    }
}
