import CLinux
import Foundation
import Glibc

/// What starts and ends executors and what they left: this process itself, or a launcher that has the rights to. All
/// calls block, so they belong on a thread of their own.
protocol ExecutorHost: Sendable {
    /// Where executors are found.
    var directory: String { get }
    /// Of which making the executors are that it starts; see `ExecutorTerms.program`.
    var program: String { get }

    /// Makes the directory, or makes sure that it can be trusted.
    func prepare() throws

    /// The process id of the executor at the place; 0 where there is none.
    func holder(of place: ExecutorPlace) throws -> pid_t

    /// Starts an executor at a place that is free.
    func start(at place: ExecutorPlace) throws -> Spawn.Child

    /// Kills the executor of this process id at the place; the pidfd is the caller's, and stays so.
    func kill(_ pid: pid_t, pidfd: Int32, at place: ExecutorPlace)

    /// Ends what is left of runs whose executor died; returns once it is gone, or has survived SIGKILL for seconds.
    ///
    /// Returns how many processes survived of each run.
    func endLeftovers(of runs: [RunKey], grace: Duration) -> [RunMark: Int]
}

/// This process does it itself, with the rights that it has.
struct OwnHost: ExecutorHost {
    /// The whole environment of executors and launchers.
    static let environment = ["PATH=/usr/bin:/bin", "LANG=C.UTF-8"]

    let directory: String
    /// The program file of the executors, and the arguments before their place.
    let executable: String
    let arguments: [String]
    /// What executors are held to that serve a server with fewer rights than theirs.
    var terms: ExecutorTerms?

    var program: String { ExecutorTerms.program(ProgramIdentity.of(executable), terms) }

    func prepare() throws {
        guard terms != nil else { return try ExecutorDirectory.prepare(directory) }
        // What the server's user could change would have root write wherever that user likes.
        try ExecutorDirectory.prepare(URL(filePath: directory).deletingLastPathComponent().path, mode: 0o755)
        try ExecutorDirectory.prepare(directory, mode: 0o711)
    }

    func holder(of place: ExecutorPlace) throws -> pid_t {
        try place.holder()
    }

    func start(at place: ExecutorPlace) throws -> Spawn.Child {
        let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
        guard nothing > 2 else { throw SystemCallError(call: "open /dev/null", error: errno) }
        defer { close(nothing) }
        do {
            return try Spawn(
                path: executable,
                arguments: [CommandLine.arguments.first ?? executable] + arguments + [place.path]
                    + (terms?.words ?? []),
                environment: Self.environment,
                descriptors: (nothing, nothing, STDERR_FILENO)
            ).start()
        } catch {
            throw ExecutorError(description: "the executor does not start: \(error)")
        }
    }

    func kill(_ pid: pid_t, pidfd: Int32, at place: ExecutorPlace) {
        _ = qkron_pidfd_signal(pidfd, SIGKILL)
    }

    func endLeftovers(of runs: [RunKey], grace: Duration) -> [RunMark: Int] {
        Leftovers.end(runs: runs.map(\.mark), grace: grace) { terms?.mayEnd($0) ?? true }
    }
}
