import EndToEndSupport
import Foundation

/// One server of the fleet with the proxy before its database, started again whenever it is down.
actor Member {
    nonisolated let number: Int
    nonisolated let proxy: Proxy
    nonisolated let server: QkronServer
    private let clock: FakeClock?
    /// Processes that this run has killed: their ends are no surprise.
    private var killed: Set<Int32> = []
    private var stopped: Set<Int32> = []
    private var holds = 0
    private var isOver = false
    private(set) var starts = 0
    private(set) var ownExits: [String] = []
    private(set) var crashes: [String] = []
    private(set) var isReady = false

    init(_ number: Int, in workspace: Workspace, cluster: DurableCluster, clock: FakeClock?, lease: Int) throws {
        self.number = number
        self.clock = clock
        proxy = try Proxy(target: cluster.port)
        let settings: [String: String] = [
            "DATABASE_URL": "postgresql://qkron@127.0.0.1:\(proxy.port)/postgres", "LEASE_SECONDS": "\(lease)",
            "KILL_GRACE": "1", "SHUTDOWN_GRACE": "5", "DB_CONNECT_TIMEOUT": "3", "DB_STATEMENT_TIMEOUT": "5",
            "ACCESS_TOKEN_EXPIRE_MINUTES": "100000", "LOG_LEVEL": "info", "RATE_LIMIT": "0",
        ]
        server = QkronServer(
            "node\(number)-", in: workspace,
            settings: settings.merging(clock?.environment ?? [:]) { $1 })
    }

    /// Until cancelled, starts the server when it has ended and nothing holds it down.
    func keepRunning() async {
        while !Task.isCancelled, !isOver {
            if let process = await server.processID, let end = await server.ended() {
                await note(end, of: process)
                isReady = false
            }
            let isDown = await server.processID == nil
            let hasEnded = await server.ended() != nil
            if holds == 0, !isOver, isDown || hasEnded {
                isReady = false
                starts += 1
                try? await server.begin()
            } else if holds == 0, await (try? server.findPort()) != nil {
                // Started by root, it is another user by now, and so is the program that a reload puts in its place.
                if !isReady, let process = await server.processID { clock?.share(with: process) }
                isReady = true
            }
            try? await Task.sleep(for: .milliseconds(50))
        }
    }

    private var noted: Set<Int32> = []

    private func note(_ end: ProcessEnd, of process: Int32) async {
        guard noted.insert(process).inserted else { return }
        let tail = await server.log.split(separator: "\n").suffix(3).joined(separator: "\n")
        switch end {
        case .signaled(SIGKILL) where killed.contains(process): break
        case .signaled: crashes.append("server \(number), process \(process), ended by itself: \(end)\n\(tail)")
        case .exited: ownExits.append("server \(number), process \(process): \(end)\n\(tail)")
        }
    }

    func kill(server killsServer: Bool, executor killsExecutor: Bool, downFor seconds: Double) async {
        guard let process = await server.processID, await server.ended() == nil else { return }
        let executors = killsExecutor ? ProcessTable.executors(in: server.dataDirectory) : []
        if killsServer {
            holds += 1
            killed.insert(process)
            isReady = false
            await server.signal(SIGKILL)
        }
        for executor in executors { _ = Glibc.kill(executor, SIGKILL) }
        guard killsServer else { return }
        try? await Task.sleep(for: .seconds(seconds))
        holds -= 1
    }

    /// Has the server replaced by the program on disk, in the same process.
    func reload() async {
        guard let process = await server.processID, await server.ended() == nil else { return }
        // One that is only being loaded by the system can do nothing about it yet.
        guard ProcessTable.outlives(SIGHUP, process) else { return }
        await server.reload()
    }

    func stop(server stopsServer: Bool, executor stopsExecutor: Bool, for seconds: Double) async {
        guard let process = await server.processID, await server.ended() == nil else { return }
        var chosen = stopsServer ? [process] : []
        if stopsExecutor { chosen += ProcessTable.executors(in: server.dataDirectory) }
        for id in chosen {
            stopped.insert(id)
            _ = Glibc.kill(id, SIGSTOP)
        }
        try? await Task.sleep(for: .seconds(seconds))
        for id in chosen { resume(id) }
    }

    private func resume(_ id: Int32) {
        stopped.remove(id)
        // Its number may be another's by now, whom a SIGCONT does no harm.
        _ = Glibc.kill(id, SIGCONT)
    }

    /// Starts the server no more.
    func finish() { isOver = true }

    /// Ends every fault of this member.
    func heal() {
        holds = 0
        for id in stopped { resume(id) }
        proxy.set(.pass)
    }

    /// Sends a request under /api/v1 if the server may hear it.
    nonisolated func call(_ method: String, _ path: String, _ body: JSON?, token: String?) async throws -> HTTPResponse
    {
        var headers: [(String, String)] = []
        if let token { headers.append(("Authorization", "Bearer \(token)")) }
        if body != nil { headers.append(("Content-Type", "application/json")) }
        return try await server.send(
            method, "/api/v1\(path)", headers: headers, body: try body?.bytes, within: .seconds(6))
    }
}
