import Foundation
import Glibc
import SystemUsers
import Testing

@testable import Executor

/// A system user of one test, which may do to its own processes what it likes.
enum TrialUser {
    /// Makes the user for as long as the body runs. Only root can.
    static func make(
        _ name: String = newName(), _ body: @Sendable (SystemUser) async throws -> Void
    ) async throws {
        let options = ["--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"]
        try await change("/usr/sbin/useradd", options + [name])
        do {
            try await body(try #require(SystemUser.lookup(name)))
        } catch {
            Issue.record(error)
        }
        try await change("/usr/sbin/userdel", ["--force", name])
    }

    static func newName() -> String { "qx-\(UUID().uuidString.prefix(8).lowercased())" }

    /// Changes the user database, which one program at a time may lock.
    private static func change(_ program: String, _ arguments: [String]) async throws {
        try await eventually("\(program) succeeds") { (try? run(program, arguments)) == 0 }
    }

    /// How a program ends: its exit code, or 128 and more.
    private static func run(_ program: String, _ arguments: [String]) throws -> Int32 {
        let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(nothing) }
        let child = try Spawn(
            path: program, arguments: [program] + arguments, environment: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
            descriptors: (nothing, nothing, STDERR_FILENO)
        ).start()
        defer { close(child.pidfd) }
        var status: Int32 = 0
        waitpid(child.pid, &status, 0)
        return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
    }
}
