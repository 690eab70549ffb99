import Foundation
import Testing

/// Prometheus' own checker, which Debian ships in the package `prometheus`.
enum Promtool {
    static let absence: Comment = "promtool is not installed (Debian: apt-get install prometheus)"

    static var isInstalled: Bool {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return path.split(separator: ":").contains {
            FileManager.default.isExecutableFile(atPath: "\($0)/promtool")
        }
    }

    /// Runs it through the shell in `directory`; answers its exit status and all it said.
    static func run(_ arguments: String, in directory: URL) throws -> (status: Int32, output: String) {
        let command = "cd '\(directory.path)' && promtool \(arguments) 2>&1"
        let pipe = try #require(popen(command, "r"), "cannot start a shell")
        var output = ""
        var buffer = [CChar](repeating: 0, count: 4_096)
        while fgets(&buffer, Int32(buffer.count), pipe) != nil {
            output += String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
        return (pclose(pipe), output)
    }
}
