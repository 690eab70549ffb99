import Foundation
import Glibc
import Synchronization

/// How a process ended.
package enum ProcessEnd: Sendable, Equatable {
    case exited(Int32)
    case signaled(Int32)
}

/// A process started by the tests: in its own session, with default signals, no inherited descriptor and exactly the
/// environment it is given. Its output goes to files.
package final class ChildProcess: Sendable {
    package struct StartError: Error, CustomStringConvertible {
        package let description: String
    }

    package let id: pid_t
    package let outputPath: String
    package let errorPath: String
    private let end = Mutex<ProcessEnd?>(nil)

    /// Starts `arguments[0]`, an absolute path.
    package init(
        _ arguments: [String], environment: [String: String], directory: String = "/", input: String = "/dev/null",
        output: String, error: String
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        if output == error {
            posix_spawn_file_actions_adddup2(&actions, 1, 2)
        } else {
            posix_spawn_file_actions_addopen(&actions, 2, error, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        }
        // Sockets of the process itself among them: a child that holds one keeps its other end from seeing it closed.
        for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
            // One that is closed by then is no failure.
            if let descriptor = Int32(name), descriptor > 2 { posix_spawn_file_actions_addclose(&actions, descriptor) }
        }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        let ownSession: Int32 = 0x80  // POSIX_SPAWN_SETSID, which the module leaves out
        let flags = Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF) | ownSession
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var child: pid_t = 0
        // env changes the directory and then becomes the program, under the same id.
        let arguments = ["/usr/bin/env", "-C", directory] + arguments
        let words = arguments.map { strdup($0) } + [nil]
        let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in words + variables { free(pointer) } }
        let status = posix_spawn(&child, arguments[0], &actions, &attributes, words, variables)
        guard status == 0 else {
            throw StartError(description: "Cannot start \(arguments[0]): \(String(cString: strerror(status)))")
        }
        id = child
        outputPath = output
        errorPath = error
    }

    /// How it ended, once it has; reaps it.
    package func poll() -> ProcessEnd? {
        end.withLock { end in
            if let end { return end }
            var status: Int32 = 0
            guard waitpid(id, &status, WNOHANG) == id else { return nil }
            let signal = status & 0x7f
            end = signal == 0 ? .exited((status >> 8) & 0xff) : .signaled(signal)
            return end
        }
    }

    /// Signals it, unless it has already been reaped: its number may by then be another's.
    package func signal(_ number: Int32) {
        end.withLock { end in
            if end == nil { _ = Glibc.kill(id, number) }
        }
    }

    /// Waits for its end.
    package func wait(within limit: Duration = .seconds(30)) async throws -> ProcessEnd {
        try await eventually(within: limit, "process \(id) ends") { poll() }
    }

    package var output: String { text(of: outputPath) }
    package var error: String { text(of: errorPath) }

    private func text(of path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }
}
