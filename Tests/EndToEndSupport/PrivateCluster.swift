import Foundation

/// A PostgreSQL of the tests' own, for servers that share a database: a Unix socket that everyone may use, no TCP.
package struct PrivateCluster: Sendable {
    package let tool: Tool
    private let postmaster: ChildProcess
    private let socketDirectory: String

    /// - Parameter clock: nil is the machine's.
    package static func start(in workspace: Workspace, clock: ShiftedClock? = nil) async throws -> PrivateCluster {
        let tool = Tool(workspace: workspace)
        let directory = try workspace.openDirectory("pg")
        let binaries = try PostgresPrograms.directory()
        let become = try PostgresPrograms.become()
        let made = try await tool.run(
            become + [
                "\(binaries)/initdb", "-D", "\(directory)/data", "-U", "qkron", "-A", "trust", "-E", "UTF8",
                "--no-locale", "--no-instructions", "--no-sync",
            ])
        guard made.hasSucceeded else { throw Tool.Failure(description: "initdb: \(made.error)") }
        let settings = [
            "listen_addresses=", "unix_socket_directories=\(directory)", "max_connections=300",
            "fsync=off", "synchronous_commit=off", "full_page_writes=off",
        ]
        let postmaster = try ChildProcess(
            become + (clock?.prefix ?? []) + ["\(binaries)/postgres", "-D", "\(directory)/data"]
                + settings.flatMap { ["-c", $0] },
            environment: ["PATH": Tool.path, "LC_ALL": "C.UTF-8"], directory: directory,
            output: "\(directory).log", error: "\(directory).log")
        let cluster = PrivateCluster(tool: tool, postmaster: postmaster, socketDirectory: directory)
        try await eventually(within: .seconds(60), "PostgreSQL answers") {
            try await cluster.database("postgres").rows("SELECT 1") == [["1"]]
        }
        return cluster
    }

    package func stop() async throws {
        postmaster.signal(SIGINT)
        _ = try await postmaster.wait(within: .seconds(60))
    }

    /// Stops every process of it: connections stay and more are accepted, but nothing is answered.
    package func freeze() {
        postmaster.signal(SIGSTOP)
        for process in processes { kill(process, SIGSTOP) }
    }

    /// Has it go on where it was stopped.
    package func thaw() {
        for process in processes { kill(process, SIGCONT) }
        postmaster.signal(SIGCONT)
    }

    private var processes: [Int32] { ProcessTable.all().filter { $0.parent == postmaster.id }.map(\.id) }

    /// A new, empty database.
    package func makeDatabase(_ name: String) async throws -> Database {
        _ = try await database("postgres").rows("CREATE DATABASE \(name)")
        return database(name)
    }

    private func database(_ name: String) -> Database {
        Database(tool: tool, host: socketDirectory, name: name)
    }
}

/// Where PostgreSQL's programs lie, and who may run them.
package enum PostgresPrograms {
    /// The directory of the newest version installed.
    package static func directory() throws -> String {
        let home = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: home)) ?? []
        guard let newest = versions.compactMap(Int.init).max() else {
            throw Tool.Failure(description: "PostgreSQL is not installed under \(home)")
        }
        return "\(home)/\(newest)/bin"
    }

    /// What stands before a command line: they refuse root.
    package static func become() throws -> [String] {
        getuid() == 0 ? [try Tool.find("setpriv"), "--reuid=postgres", "--regid=postgres", "--init-groups"] : []
    }
}

/// A database, seen through psql: what a server is believed to have stored is read by other code than its own.
package struct Database: Sendable {
    package let tool: Tool
    package let host: String
    package let name: String
    package let port: Int

    /// The database `name` of the server that keeps its socket in the directory `host`.
    package init(tool: Tool, host: String, name: String, port: Int = 5432) {
        self.tool = tool
        self.host = host
        self.name = name
        self.port = port
    }

    package var url: String { "postgresql:///\(name)?host=\(host)&user=qkron" }

    /// The rows of one statement, each value as text.
    package func rows(_ statement: String) async throws -> [[String]] {
        let answer = try await tool.run(
            [
                try Tool.find("psql"), "-X", "-q", "-A", "-t", "-F", "\u{1f}", "-v", "ON_ERROR_STOP=1", "-h", host,
                "-p", "\(port)", "-U", "qkron", "-d", name, "-c", statement,
            ])
        guard answer.hasSucceeded else { throw Tool.Failure(description: "psql: \(answer.error)") }
        return answer.output.split(separator: "\n").map {
            $0.split(separator: "\u{1f}", omittingEmptySubsequences: false).map(String.init)
        }
    }

    /// The one number that a statement gives.
    package func number(_ statement: String) async throws -> Int {
        guard let text = try await rows(statement).first?.first, let number = Int(text) else {
            throw Tool.Failure(description: "No number: \(statement)")
        }
        return number
    }
}
