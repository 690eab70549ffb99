import CLinux
import Glibc

/// Executors that root has held to other terms than it says now.
struct EarlierExecutors {
    let host: OwnHost
    let terms: ExecutorTerms

    /// Ends them and their runs: SIGTERM, the grace, SIGKILL. What a server of now cannot order must not go on under
    /// the orders of an earlier one. Blocks until they are gone.
    func end() throws {
        let configuration = ExecutorConfiguration(directory: host.directory)
        let found = try ExecutorDirectory.places(in: host.directory).compactMap { place in
            try ExecutorPeer.find(at: place, host).map { (place: place, pid: $0.pid, pidfd: $0.pidfd) }
        }
        defer { for executor in found { close(executor.pidfd) } }
        let strangers = found.filter { !isOurs($0.pid) }
        let sockets = strangers.compactMap {
            dismiss($0.pid, pidfd: $0.pidfd, at: $0.place, configuration)
        }
        defer { for socket in sockets { close(socket) } }
        for stranger in strangers where !awaitReadable(stranger.pidfd, for: configuration.longestEnd) {
            kill(stranger.pid, pidfd: stranger.pidfd)
        }
    }

    /// Whether the executor is held to the same terms. Its arguments say so, which nobody but root could set.
    private func isOurs(_ pid: pid_t) -> Bool {
        let line = ProcFile.read("/proc/\(pid)/cmdline") ?? []
        let arguments = line.split(separator: 0, omittingEmptySubsequences: false).dropLast()
        return arguments.suffix(terms.words.count).elementsEqual(terms.words) { $0.elementsEqual($1.utf8) }
    }

    /// Has it end its runs and leave, as its server would; it hears root, and then no server any more. Returns the
    /// socket, to be closed once it has left.
    private func dismiss(
        _ pid: pid_t, pidfd: Int32, at place: ExecutorPlace, _ configuration: ExecutorConfiguration
    ) -> Int32? {
        let own = fcntl(pidfd, F_DUPFD_CLOEXEC, 3)
        guard own >= 0, let peer = try? ExecutorPeer(at: place, pid: pid, pidfd: own, configuration) else {
            // One that does not answer could not end them.
            kill(pid, pidfd: pidfd)
            return nil
        }
        var writer = FrameWriter()
        ExecutorOrder.shutdown.encode(into: &writer)
        // One that is gone meanwhile hears nothing, and needs not.
        try? SocketIO.send(writer.bytes, over: peer.socket)
        // It need not wait for anybody to take its last reports.
        _ = shutdown(peer.socket, Int32(SHUT_WR))
        close(peer.pidfd)
        return peer.socket
    }

    private func kill(_ pid: pid_t, pidfd: Int32) {
        let below = ProcessTable().descendants(of: pid)
        _ = qkron_pidfd_signal(pidfd, SIGKILL)
        _ = awaitReadable(pidfd, for: .seconds(10))
        for process in below { process.signal(SIGKILL) }
    }
}
