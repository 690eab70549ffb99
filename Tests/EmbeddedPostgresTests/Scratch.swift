import EmbeddedPostgres
import Foundation
import Logging
import Subprocess
import SystemPackage
import Testing

/// A directory under /tmp that every user may pass through, gone (with every server in it) when its test ends.
struct Scratch {
    static let hasty = ["fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"]
    static var isRoot: Bool { geteuid() == 0 }

    let path: String
    var data: String { path + "/data" }

    static func with(_ body: (Scratch) async throws -> Void) async throws {
        let path = "/tmp/qk-" + UUID().uuidString.prefix(8).lowercased()
        try #require(mkdir(path, 0o755) == 0)
        let scratch = Scratch(path: path)
        do { try await body(scratch) } catch {
            await scratch.remove()
            throw error
        }
        await scratch.remove()
    }

    func start(
        at path: String? = nil, settings: [String: String] = hasty
    ) async throws -> PostgresServer {
        try await PostgresServer.start(
            in: DataDirectory(path: path ?? data).lock(), installation: .find(explicit: nil), settings: settings,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    /// What psql answers; throws with its message where it fails.
    func sql(_ statement: String, at server: PostgresServer) async throws -> String {
        let result = try await psql(statement, server.connectionString, as: nil)
        guard result.isSuccess else { throw Failure(text: result.output) }
        return result.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func psql(
        _ statement: String, _ connection: String, as user: (id: uid_t, group: gid_t)?
    ) async throws -> (isSuccess: Bool, output: String) {
        let program = try await FilePath(PostgresInstallation.find(explicit: nil).directory).appending("psql")
        let command = Self.command(
            program, ["-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement, connection], as: user)
        let result = try await run(
            command.program, arguments: command.arguments,
            environment: .custom(["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"]), workingDirectory: "/",
            output: .string(limit: 1 << 20), error: .combinedWithOutput)
        return (result.terminationStatus.isSuccess, result.standardOutput)
    }

    /// How to start a program as another user. setpriv does it, and becomes the program under the same number: between
    /// fork and exec setgroups can wait for ever.
    static func command(
        _ program: FilePath, _ arguments: [String], as user: (id: uid_t, group: gid_t)?
    ) -> (program: Executable, arguments: Arguments) {
        guard let user else { return (.path(program), Arguments(arguments)) }
        let identity = ["--reuid=\(user.id)", "--regid=\(user.group)", "--clear-groups", "--", program.string]
        return (.path("/usr/bin/setpriv"), Arguments(identity + arguments))
    }

    /// The first process that the file of the cluster names.
    func recordedProcessID() -> Int32? {
        let text = try? String(contentsOfFile: data + "/postgres/postmaster.pid", encoding: .utf8)
        return text?.split(separator: "\n").first.flatMap { Int32($0) }
    }

    private func remove() async {
        for name in (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []
        where name.hasSuffix("/postmaster.pid") {
            let text = (try? String(contentsOfFile: path + "/" + name, encoding: .utf8)) ?? ""
            guard let id = text.split(separator: "\n").first.flatMap({ Int32($0) }) else { continue }
            let command = (try? String(contentsOfFile: "/proc/\(id)/cmdline", encoding: .utf8)) ?? ""
            guard command.contains(path) else { continue }
            kill(id, SIGQUIT)
            try? await until("the server of \(path) ends") { !isAlive(id) }
        }
        try? FileManager.default.removeItem(atPath: path)
    }
}

struct Failure: Error, CustomStringConvertible {
    let text: String
    var description: String { text }
}

func isAlive(_ id: Int32) -> Bool {
    let text = (try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8)) ?? ""
    guard let end = text.lastIndex(of: ")") else { return false }
    return text[end...].dropFirst(2).first != "Z"
}

func mode(of path: String) throws -> mode_t {
    var status = stat()
    try #require(lstat(path, &status) == 0, "\(path) is missing")
    return status.st_mode & 0o7777
}

func owner(of path: String) throws -> uid_t {
    var status = stat()
    try #require(lstat(path, &status) == 0, "\(path) is missing")
    return status.st_uid
}

/// Waits for something, at most 30 s, and says what it was when it never came.
func until(_ event: String, _ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(30)
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw Failure(text: "Waited 30 s in vain until \(event).") }
        try await Task.sleep(for: .milliseconds(10))
    }
}
