import CLinux
import Glibc

/// The server at the other end of the socket.
struct ServerPeer {
    let socket: Int32
    let key: UInt64
    var incoming = FrameBuffer()
    var hasSaidHello = false
    var killGrace = Duration.zero
    var leaseGrace = Duration.zero
    var isWatchedForWriting = false
}

extension ExecutorLoop {
    /// The server is gone. This version ends all runs at once; leases alone would end them a little later.
    private func serverLost() {
        leave(because: .leaseLost)
    }

    /// Ends all runs; the loop is done once they are over.
    func leave(because reason: EndReason) {
        isLeaving = true
        for run in Array(runs.values) {
            if case .draining(let cause, _) = run.phase { finish(run, cause, survivors: 0) }
            end(run, .ended(reason))
        }
        leavesAt = BoottimeInstant.now.advanced(by: .seconds(60))
        wake(at: .now)
    }

    func acceptServer(on listener: Int32) {
        let socket = qkron_accept(listener)
        guard socket >= 0 else { return }
        var user: UInt32 = 0
        let isTrusted = qkron_peer_user(socket, &user) == 0 && (user == 0 || user == geteuid())
        guard isTrusted, server == nil, !isLeaving, (try? poller.add(socket, key: nextPeerKey)) != nil else {
            close(socket)
            return
        }
        server = ServerPeer(socket: socket, key: nextPeerKey)
        nextPeerKey += 1
    }

    func hearServer() {
        guard let socket = server?.socket else { return }
        let count = read(socket, buffer.baseAddress, buffer.count)
        if count < 0, errno == EAGAIN || errno == EINTR { return }
        do {
            guard count > 0 else { throw WireError(description: "the server is gone") }
            server?.incoming.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            while let (kind, fields) = try server?.incoming.next() {
                try obey(ExecutorOrder(kind: kind, fields: fields))
            }
        } catch {
            dropServer()
        }
    }

    private func obey(_ order: ExecutorOrder) throws {
        if case .hello(let version, let killGrace, let leaseGrace) = order {
            reports.append(.hello(version: wireVersion))
            guard version == wireVersion else { throw WireError(description: "another version of the language") }
            server?.hasSaidHello = true
            server?.killGrace = killGrace
            server?.leaseGrace = leaseGrace
            leaveGrace = min(killGrace, leaseGrace)
            return
        }
        guard server?.hasSaidHello == true else { throw WireError(description: "no hello") }
        switch order {
        case .hello: return
        case .start(let order):
            guard order.run >= Key.firstRun, order.run < 1 << 62, runs[order.run] == nil else {
                throw WireError(description: "a run number that cannot be used")
            }
            start(order)
        case .extendAll(let deadline):
            for run in runs.values { run.deadline = max(run.deadline, deadline) }
        case .end(let number, let reason):
            if let run = runs[number] { end(run, .ended(reason)) }
        case .shutdown: leave(because: .shutdown)
        case .ping(let number): reports.append(.pong(number: number))
        }
    }

    func flushReports() {
        guard let peer = server else { return }
        guard reports.flush(to: peer.socket) else { return dropServer() }
        let mustWait = !reports.isEmpty
        if mustWait != peer.isWatchedForWriting {
            poller.watchWriting(peer.socket, key: peer.key, watches: mustWait)
            server?.isWatchedForWriting = mustWait
        }
    }

    private func dropServer() {
        guard let peer = server else { return }
        _ = reports.flush(to: peer.socket)
        poller.remove(peer.socket)
        close(peer.socket)
        server = nil
        reports = ReportQueue()
        if peer.hasSaidHello { serverLost() }
    }
}
