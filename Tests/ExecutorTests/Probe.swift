import Foundation
import Glibc
import Logging
import Synchronization
import Testing

@testable import Executor

/// An executor with a directory of its own, supervised for as long as the body runs.
func withExecutor(
    killGrace: Duration = .milliseconds(300), leaseGrace: Duration = .milliseconds(300),
    _ body: @Sendable (ExecutorClient) async throws -> Void
) async throws {
    let directory = try temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    ProcessProtection.becomeSubreaper()
    let configuration = ExecutorConfiguration(
        directory: directory + "/x", executablePath: probePath, arguments: [], killGrace: killGrace,
        leaseGrace: leaseGrace)
    let client = try await ExecutorClient.start(configuration, logger: quietLogger)
    let supervision = Task { await client.supervise() }
    do {
        try await body(client)
    } catch {
        supervision.cancel()
        await supervision.value
        throw error
    }
    supervision.cancel()
    await supervision.value
}

extension ExecutorClient {
    /// The result of a run that this server sees to its end.
    func result(of request: RunRequest) async -> RunResult {
        guard let result = await run(request) else {
            Issue.record("the run was left to another server")
            return RunResult(ending: .executorLost)
        }
        return result
    }
}

extension ExecutorClient {
    /// How many runs have ended whose output is still in the executor.
    var heldCount: Int {
        state.withLock { state in state.runs.values.count { $0.held != nil } }
    }

    /// Says that the result of a request is recorded.
    func settle(_ request: RunRequest) {
        settle(executionID: request.executionID, fencingToken: request.fencingToken)
    }
}

var quietLogger: Logger {
    Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

func temporaryDirectory() throws -> String {
    let path = "/tmp/qx-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    return path
}

/// The executor of the tests, built beside them.
let probePath: String = {
    // The test bundle lies in the build directory; it is the running program, or an argument of the test runner.
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    let paths = ([own] + CommandLine.arguments).filter { $0.hasPrefix("/") }
    let folders = paths.compactMap { path in path.lastIndex(of: "/").map { path[..<$0] } }
    return folders.map { $0 + "/ExecutorProbe" }.first { access($0, X_OK) == 0 } ?? "/nonexistent"
}()

/// A request with the environment that every command of qkron has.
func request(
    _ command: String, id: UUID = UUID(), token: Int = 1, user: String? = nil, directory: String? = "/",
    timeout: Duration = .seconds(30), limit: Int = 1 << 20, lease: Duration = .seconds(60)
) -> RunRequest {
    RunRequest(
        executionID: id, fencingToken: token, command: command,
        environment: [
            "PATH": "/usr/bin:/bin", "QKRON_EXECUTION_ID": id.uuidString.lowercased(),
            "QKRON_FENCING_TOKEN": String(token),
        ], workingDirectory: directory, user: user, timeout: timeout, outputLimit: limit,
        deadline: .after(lease, since: .now))
}

/// A request whose command writes so many mebibytes, all of which are kept.
func megabytes(_ count: Int) -> RunRequest {
    request("head -c \(count << 20) /dev/zero | tr '\\0' x", limit: 16 << 20)
}

/// A sleep that no other test starts, so that its processes can be counted.
func uniqueSleep() -> String {
    "sleep 1000.\(UInt32.random(in: 1_000_000...9_999_999))"
}

/// The living processes whose command line begins with the text.
func processes(with text: String) -> [pid_t] {
    ProcFile.numbers(in: "/proc").filter { pid in
        guard pid != getpid(), ProcessTable.entry(of: pid)?.isAlive == true,
            let line = ProcFile.read("/proc/\(pid)/cmdline")
        else { return false }
        return String(decoding: line.map { $0 == 0 ? 0x20 : $0 }, as: UTF8.self).hasPrefix(text)
    }
}

/// Asks until it is so; fails, saying for what it waited, after ten seconds.
func eventually(_ what: String, within limit: Duration = .seconds(10), _ isSo: () -> Bool) async throws {
    let deadline = ContinuousClock.now + limit
    while !isSo() {
        guard ContinuousClock.now < deadline else {
            Issue.record("waited in vain for: \(what)")
            throw CancellationError()
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}
