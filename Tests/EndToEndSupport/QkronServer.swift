import Foundation

/// One `qkron serve`, on a data directory that outlives its process.
package actor QkronServer {
    /// Shared by the servers of one database, and known to tests that forge tokens.
    package static let secretKey = "end-to-end-tests-sign-with-this-secret-key"
    /// Likewise shared; 32 bytes.
    package static let encryptionKey = "c2hhcmVkIGJ5IHRoZSBzZXJ2ZXJzIG9mIGEgdGVzdCE="
    package static let superuser = (name: "root-of-tests", password: "superuser-password")

    package nonisolated let dataDirectory: String
    package nonisolated let workspace: Workspace
    package nonisolated let environment: [String: String]
    private let program: String?
    private var process: ChildProcess?
    private var starts = 0
    package private(set) var port = 0

    /// A server that has not been started; without a database it makes its private one.
    ///
    /// - Parameter program: nil is the one of this build.
    package init(
        _ name: String, in workspace: Workspace, database: Database? = nil, program: String? = nil,
        settings: [String: String] = [:]
    ) {
        self.workspace = workspace
        self.program = program
        dataDirectory = workspace.path(name)
        var environment = [
            "PATH": Tool.path, "HOME": workspace.root, "DATA_DIR": dataDirectory, "PORT": "0",
            "ENVIRONMENT": "development", "LOG_FORMAT": "json", "PASSWORD_HASH_COST": "1", "LOGIN_RATE_LIMIT": "0",
            "NODE_NAME": name, "DB_POOL_SIZE": "6", "DB_CONNECT_TIMEOUT": "30", "SECRET_KEY": Self.secretKey,
            "ENCRYPTION_KEY": Self.encryptionKey,
            "SUPERUSER_USERNAME": Self.superuser.name, "SUPERUSER_EMAIL": "root@tests.example",
            "SUPERUSER_PASSWORD": Self.superuser.password,
        ]
        if let database { environment["DATABASE_URL"] = database.url }
        self.environment = environment.merging(settings) { $1 }.filter { !$1.isEmpty }
    }

    package var processID: Int32? { process?.id }
    package var log: String { process?.error ?? "" }
    package var output: String { process?.output ?? "" }

    /// Starts it and waits until it is ready.
    package func start() async throws {
        try begin()
        try await eventually(within: .seconds(60), "\(dataDirectory) says where it listens") { try findPort() }
        try await waitUntilReady()
    }

    /// Starts its process and waits for nothing.
    package func begin() throws {
        port = 0
        process = try launch()
    }

    /// Where it listens, which its standard output tells; nil while it does not say so.
    @discardableResult
    package func findPort() throws -> Int? {
        guard let process else { return nil }
        if let end = process.poll() {
            throw Tool.Failure(description: "It ended, \(end): \(process.error.suffix(4_000))")
        }
        let line = process.output.split(separator: "\n").first { $0.contains("://127.0.0.1:") }
        guard let found = line?.split(separator: ":").last.flatMap({ Int($0.prefix { $0.isNumber }) }) else {
            return nil
        }
        port = found
        return found
    }

    /// How its process ended, once it has.
    package func ended() -> ProcessEnd? { process?.poll() }

    /// Signals its process, if it lives.
    package func signal(_ number: Int32) { process?.signal(number) }

    package func waitUntilReady(within limit: Duration = .seconds(60)) async throws {
        try await eventually(within: limit, "\(dataDirectory) is ready") {
            try await send("GET", "/ready").status == 200
        }
    }

    /// Starts a process on this server's data directory and leaves the waiting to the caller.
    package func launch() throws -> ChildProcess {
        starts += 1
        return try ChildProcess(
            [try program ?? Tool.qkron(), "serve"], environment: environment, directory: workspace.root,
            output: "\(dataDirectory).\(starts).out", error: "\(dataDirectory).\(starts).log")
    }

    /// Asks it to stop and answers how it ended.
    @discardableResult
    package func stop(within limit: Duration = .seconds(60)) async throws -> ProcessEnd? {
        guard let process else { return nil }
        process.signal(SIGTERM)
        let end = try await process.wait(within: limit)
        self.process = nil
        return end
    }

    /// Ends it by -9, with no chance to tidy up.
    package func kill() async throws {
        guard let process else { return }
        process.signal(SIGKILL)
        _ = try await process.wait()
        self.process = nil
    }

    /// Its one executor.
    package func executorID() async throws -> Int32 {
        try await eventually("the server has an executor") {
            let executors = ProcessTable.executors(in: dataDirectory)
            return executors.count == 1 ? executors[0] : nil
        }
    }

    /// Asks it to make room for the program now on disk.
    package func reload() { process?.signal(SIGHUP) }

    /// Sends one request on a connection of its own. `path` is sent as it is.
    package func send(
        _ method: String, _ path: String, headers: [(String, String)] = [], body: [UInt8]? = nil,
        within limit: Duration = .seconds(30)
    ) async throws -> HTTPResponse {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if let body { head += "Content-Length: \(body.count)\r\n" }
        let connection = try Connection(port: port, limit: limit)
        await connection.send(Array(head.utf8) + [13, 10] + (body ?? []))
        guard let response = try await connection.response(isHead: method == "HEAD") else {
            throw Connection.Failure(description: "\(method) \(path): closed without an answer")
        }
        APIContract.current?.check(response, to: method, path)
        return response
    }

    /// Runs another command of the program against the same database.
    package nonisolated func command(_ arguments: String..., input: String? = nil) async throws -> Tool.Answer {
        try await Tool(workspace: workspace).run(
            [try Tool.qkron()] + arguments, environment: environment, input: input)
    }
}
