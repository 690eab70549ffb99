import Foundation
import Logging
import Postgres
import Synchronization

/// A private PostgreSQL server for tests, without durability, removed when the test process ends.
package actor TestCluster {

    private nonisolated let folder: String
    private var postmaster: pid_t = 0
    private var databases = 0
    private static let running = Mutex<[String: pid_t]>([:])
    private static let common = SharedCluster()

    private init(folder: String) {
        self.folder = folder
    }

    /// The server that most tests share.
    package static func shared() async throws -> TestCluster {
        try await common.cluster()
    }

    /// A server of one's own, for tests that stop it.
    package static func start() async throws -> TestCluster {
        var template = Array("/tmp/qkpg-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TestFailure("mkdtemp failed: \(errno)") }
        let folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        if getuid() == 0, let postgres = getpwnam("postgres") {
            chown(folder, postgres.pointee.pw_uid, postgres.pointee.pw_gid)
        }
        atexit { TestCluster.removeAll() }
        let cluster = TestCluster(folder: folder)
        try await cluster.initialize()
        try await cluster.resume()
        return cluster
    }

    /// A new, empty database; returns its URL.
    package func makeDatabase() async throws -> String {
        url(of: try await createDatabase())
    }

    /// A new database, empty or a copy; returns its name.
    package func createDatabase(template: String = "template0") async throws -> String {
        databases += 1
        let name = "test\(databases)"
        let createdb = try spawn([
            Self.programs + "/createdb", "-h", folder, "-U", "qkron", "-T", template, name,
        ])
        var status: Int32 = 0
        try await eventually("the database is made", within: .seconds(60)) {
            waitpid(createdb, &status, WNOHANG) == createdb
        }
        guard status == 0 else { throw TestFailure("createdb failed; see \(folder)/log") }
        return name
    }

    /// The URL of a database of this server.
    package nonisolated func url(of database: String) -> String {
        "postgresql:///\(database)?host=\(folder)&user=qkron"
    }

    /// Starts the server on its old data and waits until it takes connections.
    package func resume() async throws {
        postmaster = try spawn([
            Self.programs + "/postgres", "-D", folder + "/data", "-c", "listen_addresses=", "-c",
            "unix_socket_directories=" + folder, "-c", "fsync=off", "-c", "synchronous_commit=off", "-c",
            "full_page_writes=off", "-c", "max_connections=500", "-c", "shared_buffers=64MB",
        ])
        Self.running.withLock { $0[folder] = postmaster }
        let pool = PostgresPool(PostgresConfiguration(url: url(of: "postgres"), poolSize: 1), logger: quietLogger)
        try await eventually("the test server takes connections", within: .seconds(60)) {
            (try? await pool.query("SELECT 1")) != nil
        }
        await pool.close()
    }

    /// Stops the server, ending every session.
    package func stop() {
        kill(postmaster, SIGINT)
        waitpid(postmaster, nil, 0)
        Self.running.withLock { $0[folder] = 0 }
    }

    /// Signals the process that takes connections.
    package func signal(_ number: Int32) {
        kill(postmaster, number)
    }

    private func initialize() throws {
        let initdb = try spawn([
            Self.programs + "/initdb", "-D", folder + "/data", "-U", "qkron", "-A", "trust", "--no-locale", "-E",
            "UTF8",
            "--no-instructions", "--no-sync",
        ])
        var status: Int32 = 0
        waitpid(initdb, &status, 0)
        guard status == 0 else { throw TestFailure("initdb failed; see \(folder)/log") }
    }

    private static let programs: String = {
        let root = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        let newest = versions.compactMap(Int.init).max() ?? 15
        return "\(root)/\(newest)/bin"
    }()

    private func spawn(_ command: [String]) throws -> pid_t {
        let privileges = ["/usr/bin/setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups"]
        let words = getuid() == 0 ? privileges + command : command
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, folder + "/log", O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // Sockets of this process among them: a child that holds one keeps its other end from seeing it closed.
        for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
            // One that is closed by then is no failure.
            if let descriptor = Int32(name), descriptor > 2 { posix_spawn_file_actions_addclose(&actions, descriptor) }
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
        var arguments = words.map { strdup($0) } + [nil]
        let settings = ["PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"]
        var environment = settings.map { strdup($0) } + [nil]
        defer { for pointer in arguments + environment { free(pointer) } }
        var pid: pid_t = 0
        let failure = posix_spawn(&pid, words[0], &actions, &attributes, &arguments, &environment)
        guard failure == 0 else { throw TestFailure("cannot start \(words[0]): \(failure)") }
        return pid
    }

    private static func removeAll() {
        let left = running.withLock { running in
            defer { running = [:] }
            return running
        }
        for (folder, postmaster) in left {
            if postmaster > 0 {
                kill(postmaster, SIGQUIT)
                waitpid(postmaster, nil, 0)
            }
            try? FileManager.default.removeItem(atPath: folder)
        }
    }
}

/// Starts one server, however many ask for it at once.
private actor SharedCluster {
    private var start: Task<TestCluster, any Error>?

    func cluster() async throws -> TestCluster {
        let start = self.start ?? Task { try await TestCluster.start() }
        self.start = start
        return try await start.value
    }
}
