import CLinux
import Glibc
import Logging

extension ExecutorPeer {
    /// The executors that an earlier server of the directory left running, each greeted. One that cannot be talked to
    /// is waited for: its runs end with their leases, and it with them; one that does not end is killed.
    static func living(in configuration: ExecutorConfiguration, logger: Logger) throws -> [ExecutorPeer] {
        let host = configuration.host
        try host.prepare()
        return try ExecutorDirectory.places(in: host.directory).compactMap { place in
            guard let (pid, pidfd) = try find(at: place, host) else { return nil }
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
    ///
    /// - Parameter known: places of executors whose end has not been seen to yet.
    static func start(
        _ configuration: ExecutorConfiguration, except known: Set<ExecutorPlace> = []
    ) throws -> ExecutorPeer {
        let host = configuration.host
        try host.prepare()
        let places = ExecutorDirectory.places(in: host.directory)
        guard let place = try places.first(where: { try !known.contains($0) && host.holder(of: $0) == 0 }) else {
            throw ExecutorError(description: "too many executors hold \(host.directory)")
        }
        let child = try host.start(at: place)
        // Closed by whoever fails; kept for the case that it must be ended then.
        let own = fcntl(child.pidfd, F_DUPFD_CLOEXEC, 3)
        defer { close(own) }
        do {
            return try ExecutorPeer(at: place, pid: child.pid, pidfd: child.pidfd, configuration)
        } catch {
            host.kill(child.pid, pidfd: own, at: place)
            reap(own)
            throw error
        }
    }

    /// The executor at the place and its pidfd, which is the caller's; nil where there is none.
    static func find(at place: ExecutorPlace, _ host: any ExecutorHost) throws -> (pid: pid_t, pidfd: Int32)? {
        // It may end, and its number be given away, between the two questions.
        while true {
            let holder = try host.holder(of: place)
            guard holder != 0 else { return nil }
            let pidfd = qkron_pidfd_open(holder)
            if pidfd >= 0 {
                if try host.holder(of: place) == holder { return (holder, pidfd) }
                close(pidfd)
            }
        }
    }

    private static func outwait(_ place: ExecutorPlace, _ configuration: ExecutorConfiguration) throws {
        guard let (pid, pidfd) = try find(at: place, configuration.host) else { return }
        defer { close(pidfd) }
        if !awaitReadable(pidfd, for: configuration.longestOrphanage) {
            configuration.host.kill(pid, pidfd: pidfd, at: place)
        }
        reap(pidfd)
    }
}
