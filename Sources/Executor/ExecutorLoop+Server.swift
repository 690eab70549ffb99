import CLinux
import Glibc

/// The server at the other end of the socket.
struct ServerPeer {
    let socket: Int32
    let key: UInt64
    var incoming = FrameBuffer()
    var hasSaidHello = false
    var isWatchedForWriting = false
}

extension ExecutorLoop {
    /// The server is gone. The runs go on: until their leases lapse, another server may carry on with them.
    private func serverLost() {
        leavesAt = max(latestDeadline, .now)
        wake(at: leavesAt)
    }

    /// Ends all runs; the loop is done once they are over.
    func leave(because reason: EndReason) {
        guard !isLeaving else { return }
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
        let isTrusted = qkron_peer_user(socket, &user) == 0 && (user == 0 || user == terms?.server ?? geteuid())
        // Failing to watch it means the same as not to trust it: nobody can be talked to.
        guard isTrusted, !isLeaving, (try? poller.add(socket, key: nextPeerKey)) != nil else {
            close(socket)
            return
        }
        // One server at a time has the data directory: the newest. An earlier one is dead, or about to be seen so.
        dropServer()
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
            guard version >= WireVersion.current else { throw WireError(description: "an older server") }
            self.killGrace = killGrace
            self.leaseGrace = leaseGrace
            return greet()
        }
        guard server?.hasSaidHello == true else { throw WireError(description: "no hello") }
        switch order {
        case .hello: return
        case .start(let order):
            guard order.run >= Key.firstRun, order.run < 1 << 62, runs[order.run] == nil, unsettled[order.run] == nil
            else {
                throw WireError(description: "a run number that cannot be used")
            }
            start(order)
        case .extendAll(let deadline):
            latestDeadline = max(latestDeadline, deadline)
            for run in runs.values { run.deadline = max(run.deadline, deadline) }
        case .end(let number, let reason):
            if let run = runs[number] { end(run, .ended(reason)) }
        case .shutdown: leave(because: .shutdown)
        case .ping(let number): reports.append(.pong(number: number))
        case .settled(let run):
            unsettled[run] = nil
            heldBack.remove(run)
        case .sendOutput(let run):
            if heldBack.remove(run) != nil, let ended = unsettled[run] { reports.append(ended) }
        case .retire: isRetiring = true
        case .showOutput(let number, let output, let error):
            let shown = ShownOutput(runs[number], outputFrom: output, errorFrom: error)
            reports.append(.shown(run: number, shown))
        }
    }

    /// Says hello, what runs there are, and how those ended that no server has settled.
    private func greet() {
        server?.hasSaidHello = true
        let known = runs.mapValues(\.key).merging(unsettled.mapValues(\.key)) { running, _ in running }
        reports.append(.hello(ExecutorGreeting(program: program, runs: known)))
        for ended in unsettled.values { tell(ended) }
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
        heldBack = []
        if peer.hasSaidHello { serverLost() }
    }
}
