import CLinux
import Foundation
import Glibc
import Testing

@testable import Executor

/// A server that is a process of its own, so that it can be stopped and killed.
@Suite struct ServerLossTests {
    private static let command = """
        trap '' TERM; (env -i setsid sh -c "trap '' TERM; SLEEP & SLEEP" &); SLEEP & SLEEP
        """

    @Test func `a server killed by -9 leaves no process of a command once the lease has lapsed`() async throws {
        try await withServer { server, sleep, lock in
            kill(server.pid, SIGKILL)
            try await eventually("the end of all sleeps") { processes(with: sleep).isEmpty }
            try await eventually("the end of the executor") { qkron_lock_holder(lock) == 0 }
        }
    }

    @Test func `the tree of a stopped server ends when its lease lapses`() async throws {
        try await withServer { server, sleep, lock in
            kill(server.pid, SIGSTOP)
            try await eventually("the end of all sleeps") { processes(with: sleep).isEmpty }
            #expect(qkron_lock_holder(lock) != 0)
            kill(server.pid, SIGKILL)
            try await eventually("the end of the executor") { qkron_lock_holder(lock) == 0 }
        }
    }

    private func withServer(_ body: (Spawn.Child, String, Int32) async throws -> Void) async throws {
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let sleep = uniqueSleep()
        let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(nothing) }
        let server = try Spawn(
            path: probePath,
            arguments: [
                probePath, "server", directory + "/x", Self.command.replacingOccurrences(of: "SLEEP", with: sleep),
            ], environment: ["PATH=/usr/bin:/bin"], descriptors: (nothing, nothing, nothing)
        ).start()
        defer {
            kill(server.pid, SIGKILL)
            waitpid(server.pid, nil, 0)
            close(server.pidfd)
        }
        try await eventually("all sleeps") { processes(with: sleep).count == 4 }
        let lock = try ExecutorDirectory.places(in: directory + "/x")[0].openLock()
        defer { close(lock) }
        try await body(server, sleep, lock)
    }
}
