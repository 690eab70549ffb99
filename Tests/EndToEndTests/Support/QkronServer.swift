import Foundation

/// One `qkron serve`, on a data directory that outlives its process.
actor QkronServer {
    /// Shared by the servers of one database, and known to tests that forge tokens.
    static let secretKey = "end-to-end-tests-sign-with-this-secret-key"
    static let superuser = (name: "root-of-tests", password: "superuser-password")

    nonisolated let dataDirectory: String
    nonisolated let workspace: Workspace
    nonisolated let environment: [String: String]
    private let program: String?
    private var process: ChildProcess?
    private var starts = 0
    private(set) var port = 0

    /// A server that has not been started; without a database it makes its private one.
    ///
    /// - Parameter program: nil is the one of this build.
    init(
        _ name: String, in workspace: Workspace, database: Database? = nil, program: String? = nil,
        settings: [String: String] = [:]
    ) {
        self.workspace = workspace
        self.program = program
        dataDirectory = workspace.path(name)
        var environment = [
            "PATH": Tool.path, "HOME": workspace.root, "DATA_DIR": dataDirectory, "PORT": "0",
            "ENVIRONMENT": "development", "LOG_FORMAT": "json", "PASSWORD_HASH_COST": "1", "LOGIN_RATE_LIMIT": "0",
            "NODE_NAME": name, "DB_POOL_SIZE": "4", "SECRET_KEY": Self.secretKey,
            "SUPERUSER_USERNAME": Self.superuser.name, "SUPERUSER_EMAIL": "root@tests.example",
            "SUPERUSER_PASSWORD": Self.superuser.password,
        ]
        if let database { environment["DATABASE_URL"] = database.url }
        self.environment = environment.merging(settings) { $1 }.filter { !$1.isEmpty }
    }

    var processID: Int32? { process?.id }
    var log: String { process?.error ?? "" }
    var output: String { process?.output ?? "" }

    /// Starts it and waits until it is ready; its standard output tells the port.
    func start() async throws {
        let process = try launch()
        self.process = process
        port = try await eventually(within: .seconds(60), "\(dataDirectory) says where it listens") {
            if let end = process.poll() {
                throw Tool.Failure(description: "It ended, \(end): \(process.error.suffix(4_000))")
            }
            let line = process.output.split(separator: "\n").first { $0.contains("http://127.0.0.1:") }
            return line?.split(separator: ":").last.flatMap { Int($0.prefix { $0.isNumber }) }
        }
        try await waitUntilReady()
    }

    func waitUntilReady(within limit: Duration = .seconds(60)) async throws {
        try await eventually(within: limit, "\(dataDirectory) is ready") {
            try await send("GET", "/ready").status == 200
        }
    }

    /// Starts a process on this server's data directory and leaves the waiting to the caller.
    func launch() throws -> ChildProcess {
        starts += 1
        return try ChildProcess(
            [try program ?? Tool.qkron(), "serve"], environment: environment, directory: workspace.root,
            output: "\(dataDirectory).\(starts).out", error: "\(dataDirectory).\(starts).log")
    }

    /// Asks it to stop and answers how it ended.
    @discardableResult
    func stop(within limit: Duration = .seconds(60)) async throws -> ProcessEnd? {
        guard let process else { return nil }
        process.signal(SIGTERM)
        let end = try await process.wait(within: limit)
        self.process = nil
        return end
    }

    /// Ends it by -9, with no chance to tidy up.
    func kill() async throws {
        guard let process else { return }
        process.signal(SIGKILL)
        _ = try await process.wait()
        self.process = nil
    }

    /// Its one executor.
    func executorID() async throws -> Int32 {
        try await eventually("the server has an executor") {
            let executors = ProcessTable.executors(in: dataDirectory)
            return executors.count == 1 ? executors[0] : nil
        }
    }

    /// Asks it to make room for the program now on disk.
    func reload() { process?.signal(SIGHUP) }

    /// Sends one request on a connection of its own. `path` is sent as it is.
    func send(
        _ method: String, _ path: String, headers: [(String, String)] = [], body: [UInt8]? = nil
    ) async throws -> HTTPResponse {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if let body { head += "Content-Length: \(body.count)\r\n" }
        let connection = try Connection(port: port)
        await connection.send(Array(head.utf8) + [13, 10] + (body ?? []))
        guard let response = try await connection.response(isHead: method == "HEAD") else {
            throw Connection.Failure(description: "\(method) \(path): closed without an answer")
        }
        return response
    }

    /// Runs another command of the program against the same database.
    nonisolated func command(_ arguments: String..., input: String? = nil) async throws -> Tool.Answer {
        try await Tool(workspace: workspace).run(
            [try Tool.qkron()] + arguments, environment: environment, input: input)
    }
}
