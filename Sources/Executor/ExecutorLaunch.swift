import CLinux
import Glibc

/// An executor that was started and has said hello. All calls block, so they belong on a thread of their own.
struct ExecutorLaunch: Sendable {
    let pid: pid_t
    let pidfd: Int32
    let socket: Int32

    /// Waits until an earlier executor of the directory is gone, then starts one.
    static func start(_ configuration: ExecutorConfiguration) throws -> ExecutorLaunch {
        let directory = configuration.directory
        guard directory.utf8.count <= 90 else { throw ExecutorError(description: "\(directory) is too long a path") }
        try ExecutorDirectory.prepare(directory)
        try outwait(in: directory, for: configuration.longestEnd)
        let child = try spawn(configuration)
        do {
            let socket = try connect(to: child, in: directory)
            do {
                try greet(socket, configuration)
                return ExecutorLaunch(pid: child.pid, pidfd: child.pidfd, socket: socket)
            } catch {
                close(socket)
                throw error
            }
        } catch {
            ExecutorLaunch(pid: child.pid, pidfd: child.pidfd, socket: -1).kill()
            throw error
        }
    }

    /// Waits for its exit, at most so long, then kills it; reaps it.
    func bury(after patience: Duration) {
        if !awaitReadable(pidfd, for: patience) { _ = qkron_pidfd_signal(pidfd, SIGKILL) }
        kill()
    }

    private func kill() {
        var code: Int32 = 0
        var status: Int32 = 0
        _ = qkron_pidfd_signal(pidfd, SIGKILL)
        _ = awaitReadable(pidfd, for: .seconds(30))
        _ = qkron_child_status(pidfd, 1, &code, &status)
        close(pidfd)
    }

    /// The lock is held for the whole life of an executor. One that lost its server ends its runs and goes; one that
    /// does not is hung.
    private static func outwait(in directory: String, for patience: Duration) throws {
        let lock = try ExecutorDirectory.openLock(in: directory)
        defer { close(lock) }
        for wait in [patience, .seconds(10)] {
            let holder = try SystemCallError.check("lock", qkron_lock_holder(lock))
            if holder == 0 { return }
            let pidfd = qkron_pidfd_open(holder)
            guard pidfd >= 0 else { continue }
            defer { close(pidfd) }
            // Only now is it sure that the descriptor is the holder's and not that of a later process of its pid.
            guard qkron_lock_holder(lock) == holder else { continue }
            if !awaitReadable(pidfd, for: wait) { _ = qkron_pidfd_signal(pidfd, SIGKILL) }
            _ = awaitReadable(pidfd, for: .seconds(10))
        }
        guard qkron_lock_holder(lock) == 0 else {
            throw ExecutorError(description: "another executor holds \(directory) and does not end")
        }
    }

    private static func spawn(_ configuration: ExecutorConfiguration) throws -> Spawn.Child {
        // Also right where an upgrade has replaced the file meanwhile: both sides must speak the same version.
        let path = configuration.executablePath ?? "/proc/self/exe"
        let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
        guard nothing > 2 else { throw SystemCallError(call: "open /dev/null", error: errno) }
        defer { close(nothing) }
        do {
            return try Spawn(
                path: path,
                arguments: [CommandLine.arguments.first ?? path] + configuration.arguments + [configuration.directory],
                environment: ["PATH=/usr/bin:/bin", "LANG=C.UTF-8"],
                descriptors: (nothing, nothing, STDERR_FILENO)
            ).start()
        } catch {
            throw ExecutorError(description: "the executor does not start: \(error)")
        }
    }

    private static func connect(to child: Spawn.Child, in directory: String) throws -> Int32 {
        let deadline = BoottimeInstant.now.advanced(by: .seconds(10))
        while true {
            let socket = qkron_connect(ExecutorDirectory.socketPath(in: directory))
            if socket >= 0 { return socket }
            // Also the pause until it listens.
            if awaitReadable(child.pidfd, for: .milliseconds(3)) {
                throw ExecutorError(description: "the executor ended as soon as it was started")
            }
            guard BoottimeInstant.now < deadline else {
                throw SystemCallError(call: "connect to the executor", error: -socket)
            }
        }
    }

    private static func greet(_ socket: Int32, _ configuration: ExecutorConfiguration) throws {
        var writer = FrameWriter()
        ExecutorOrder.hello(
            version: wireVersion, killGrace: configuration.killGrace, leaseGrace: configuration.leaseGrace
        ).encode(into: &writer)
        guard send(socket, writer.bytes, writer.bytes.count, Int32(MSG_NOSIGNAL)) == writer.bytes.count else {
            throw SystemCallError(call: "send to the executor", error: errno)
        }
        var frames = FrameBuffer()
        var bytes = [UInt8](repeating: 0, count: 4096)
        while true {
            if let (kind, fields) = try frames.next() {
                guard try ExecutorReport(kind: kind, fields: fields) == .hello(version: wireVersion) else {
                    throw ExecutorError(description: "the executor speaks another version of our language")
                }
                return
            }
            guard awaitReadable(socket, for: .seconds(10)) else {
                throw ExecutorError(description: "the executor does not answer")
            }
            let count = read(socket, &bytes, bytes.count)
            guard count > 0 else { throw ExecutorError(description: "the executor hung up") }
            bytes.withUnsafeBytes { frames.append(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
    }
}
