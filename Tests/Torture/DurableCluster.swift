import EndToEndSupport
import Foundation

/// A PostgreSQL with its default durability, that can be killed, started again, and choked by a full disk.
actor DurableCluster {
    nonisolated let port: Int
    nonisolated let database: Database
    /// Whether the data lies on a small file system of its own, which can be filled.
    nonisolated let hasSmallDisk: Bool
    private let workspace: Workspace
    private let directory: String
    private let fakery: [String]
    private var postmaster: ChildProcess?
    private var isHeldDown = false
    private var wasKilled = false
    private(set) var unexpectedEnds = 0

    private static let diskSize = 320 << 20

    init(in workspace: Workspace, clock: FakeClock?, smallDisk: Bool) async throws {
        self.workspace = workspace
        directory = try workspace.openDirectory("pg")
        port = try LoopbackSocket.freePort()
        // Given only once the user is another: what libfaketime shares belongs to whoever was first.
        fakery = (clock?.environment ?? [:]).map { "\($0.key)=\($0.value)" }
        let tool = Tool(workspace: workspace)
        database = Database(tool: tool, host: directory, name: "postgres", port: port)
        hasSmallDisk = smallDisk ? try await Self.mount(directory, tool) : false
        let made = try await tool.run(
            try PostgresPrograms.become() + [
                "\(try PostgresPrograms.directory())/initdb", "-D", "\(directory)/data", "-U", "qkron", "-A", "trust",
                "-E", "UTF8", "--no-locale", "--no-instructions",
            ])
        guard made.hasSucceeded else { throw Tool.Failure(description: "initdb: \(made.error)") }
        try await start()
    }

    private static func mount(_ directory: String, _ tool: Tool) async throws -> Bool {
        guard getuid() == 0, let mount = try? Tool.find("mount") else { return false }
        let answer = try await tool.run([
            mount, "-t", "tmpfs", "-o", "size=\(diskSize),mode=0777", "torture", directory,
        ])
        return answer.hasSucceeded
    }

    private func start() async throws {
        wasKilled = false
        let settings = [
            "listen_addresses=127.0.0.1", "port=\(port)", "unix_socket_directories=\(directory)", "max_connections=200",
            "min_wal_size=32MB", "max_wal_size=64MB", "log_min_messages=warning", "log_line_prefix=%m [%p] ",
        ]
        postmaster = try ChildProcess(
            try PostgresPrograms.become() + ["/usr/bin/env"] + fakery
                + ["\(try PostgresPrograms.directory())/postgres", "-D", "\(directory)/data"]
                + settings.flatMap { ["-c", $0] },
            environment: ["PATH": Tool.path, "LC_ALL": "C.UTF-8"], directory: workspace.root,
            output: "\(workspace.root)/postgres.log",
            error: "\(workspace.root)/postgres.log")
    }

    /// Starts it again whenever it is down, until cancelled.
    func keepRunning() async {
        while !Task.isCancelled {
            if let postmaster, !isHeldDown, postmaster.poll() != nil {
                if !wasKilled { unexpectedEnds += 1 }
                try? await start()
            }
            try? await Task.sleep(for: .milliseconds(100))
        }
    }

    func waitUntilReady() async throws {
        try await eventually(within: .seconds(90), "PostgreSQL answers") {
            try await database.rows("SELECT 1") == [["1"]]
        }
    }

    /// Kills every process of it at once and leaves it down for a while.
    func kill(downFor seconds: Double) async {
        guard let postmaster else { return }
        isHeldDown = true
        wasKilled = true
        let children = ProcessTable.all().filter { $0.parent == postmaster.id }
        postmaster.signal(SIGKILL)
        for child in children { _ = Glibc.kill(child.id, SIGKILL) }
        try? await Task.sleep(for: .seconds(seconds))
        isHeldDown = false
    }

    /// Stops every process of it for a while: connections stay and more are accepted, but nothing is answered.
    func freeze(for seconds: Double) async {
        guard let postmaster, postmaster.poll() == nil else { return }
        postmaster.signal(SIGSTOP)
        let processes = [postmaster.id] + ProcessTable.all().filter { $0.parent == postmaster.id }.map(\.id)
        for process in processes { _ = Glibc.kill(process, SIGSTOP) }
        try? await Task.sleep(for: .seconds(seconds))
        // The number of one that was killed meanwhile may be another's by now, whom a SIGCONT does no harm.
        for process in processes.reversed() { _ = Glibc.kill(process, SIGCONT) }
    }

    /// Kills up to `count` single processes that serve connections; PostgreSQL then starts all anew by itself.
    func killBackends(_ count: Int, _ random: SeededRandom) {
        var random = random
        guard let postmaster else { return }
        let backends = ProcessTable.all().filter { process in
            process.parent == postmaster.id && process.commandLine.contains { $0.contains("127.0.0.1(") }
        }
        for backend in backends.shuffled(using: &random).prefix(count) { _ = Glibc.kill(backend.id, SIGKILL) }
    }

    /// Takes all the space there is, for a while.
    nonisolated func fillDisk(for seconds: Double) async {
        let filler = "\(directory)/filler"
        let file = open(filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { return }
        let block = [UInt8](repeating: 0, count: 1 << 16)
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            // What PostgreSQL gives back meanwhile is taken as well.
            while write(file, block, block.count) > 0 {}
            try? await Task.sleep(for: .milliseconds(50))
        }
        close(file)
        unlink(filler)
    }

    func stop() async throws {
        isHeldDown = true
        postmaster?.signal(SIGINT)
        _ = try await postmaster?.wait(within: .seconds(60))
        postmaster = nil
    }
}
