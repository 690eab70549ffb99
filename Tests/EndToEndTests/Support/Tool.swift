import Foundation

/// Runs a program to its end.
struct Tool: Sendable {
    struct Answer: Sendable {
        let end: ProcessEnd
        let output: String
        let error: String

        var hasSucceeded: Bool { end == .exited(0) }
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let workspace: Workspace

    func run(
        _ arguments: [String], environment: [String: String] = [:], input: String? = nil,
        within limit: Duration = .seconds(60)
    ) async throws -> Answer {
        let files = workspace.path("tool")
        if let input { try Data(input.utf8).write(to: URL(fileURLWithPath: "\(files).in")) }
        defer {
            for suffix in ["in", "out", "err"] { unlink("\(files).\(suffix)") }
        }
        let process = try ChildProcess(
            arguments, environment: ["PATH": Self.path, "LC_ALL": "C.UTF-8"].merging(environment) { $1 },
            directory: workspace.root, input: input == nil ? "/dev/null" : "\(files).in",
            output: "\(files).out", error: "\(files).err")
        let end: ProcessEnd
        do {
            end = try await process.wait(within: limit)
        } catch {
            process.signal(SIGKILL)
            throw Failure(description: "\(arguments.joined(separator: " ")): \(error)\n\(process.error)")
        }
        return Answer(end: end, output: process.output, error: process.error)
    }

    static let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// Where a program of the system lies.
    static func find(_ name: String) throws -> String {
        let candidates = path.split(separator: ":").map { "\($0)/\(name)" }
        guard let found = candidates.first(where: FileManager.default.isExecutableFile) else {
            throw Failure(description: "\(name) is not installed")
        }
        return found
    }

    /// The program under test.
    static func qkron() throws -> String { try built("qkron") }

    /// What the build leaves beside the tests.
    static func built(_ name: String) throws -> String {
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let bundle = CommandLine.arguments.drop { $0 != "--test-bundle-path" }.dropFirst().first
        for place in [bundle, tests].compactMap(\.self) {
            let path = URL(fileURLWithPath: place).deletingLastPathComponent().path + "/\(name)"
            if FileManager.default.isExecutableFile(atPath: path) { return path }
        }
        throw Failure(description: "\(name) is not built: nothing executable beside \(tests)")
    }
}
