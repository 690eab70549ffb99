import CLinux
import Glibc
import Logging

extension ExecutorPeer {
    /// The executors that an earlier server of the directory left running, each greeted. One that cannot be talked to
    /// is waited for: its runs end with their leases, and it with them; one that does not end is killed.
    static func living(in configuration: ExecutorConfiguration, logger: Logger) throws -> [ExecutorPeer] {
        try ExecutorDirectory.prepare(configuration.directory)
        return try ExecutorDirectory.places(in: configuration.directory).compactMap { place in
            guard let (pid, pidfd) = try find(at: place) else { return nil }
            do {
                return try ExecutorPeer(at: place, pid: pid, pidfd: pidfd, configuration)
            } catch {
                logger.warning(
                    "An earlier executor cannot be taken over", metadata: ["pid": "\(pid)", "error": "\(error)"])
                try outwait(place, configuration)
                return nil
            }
        }
    }

    /// Starts an executor at the first place that is free.
    static func start(_ configuration: ExecutorConfiguration) throws -> ExecutorPeer {
        try ExecutorDirectory.prepare(configuration.directory)
        let places = ExecutorDirectory.places(in: configuration.directory)
        guard let place = try places.first(where: { try $0.holder() == 0 }) else {
            throw ExecutorError(description: "too many executors hold \(configuration.directory)")
        }
        let child = try spawn(configuration, at: place)
        // Closed by whoever fails; kept for the case that it must be ended then.
        let own = fcntl(child.pidfd, F_DUPFD_CLOEXEC, 3)
        defer { close(own) }
        do {
            return try ExecutorPeer(at: place, pid: child.pid, pidfd: child.pidfd, configuration)
        } catch {
            _ = qkron_pidfd_signal(own, SIGKILL)
            reap(own)
            throw error
        }
    }

    private static func find(at place: ExecutorPlace) throws -> (pid: pid_t, pidfd: Int32)? {
        // It may end, and its number be given away, between the two questions.
        while true {
            let holder = try place.holder()
            guard holder != 0 else { return nil }
            let pidfd = qkron_pidfd_open(holder)
            if pidfd >= 0 {
                if try place.holder() == holder { return (holder, pidfd) }
                close(pidfd)
            }
        }
    }

    private static func outwait(_ place: ExecutorPlace, _ configuration: ExecutorConfiguration) throws {
        guard let (_, pidfd) = try find(at: place) else { return }
        defer { close(pidfd) }
        if !awaitReadable(pidfd, for: configuration.longestOrphanage) { _ = qkron_pidfd_signal(pidfd, SIGKILL) }
        reap(pidfd)
    }

    private static func spawn(_ configuration: ExecutorConfiguration, at place: ExecutorPlace) throws -> Spawn.Child {
        // Also right where an upgrade has replaced the file meanwhile: the executor is then as old as its server.
        let path = configuration.program
        let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
        guard nothing > 2 else { throw SystemCallError(call: "open /dev/null", error: errno) }
        defer { close(nothing) }
        do {
            return try Spawn(
                path: path,
                arguments: [CommandLine.arguments.first ?? path] + configuration.arguments + [place.path],
                environment: ["PATH=/usr/bin:/bin", "LANG=C.UTF-8"],
                descriptors: (nothing, nothing, STDERR_FILENO)
            ).start()
        } catch {
            throw ExecutorError(description: "the executor does not start: \(error)")
        }
    }
}
