import Postgres

extension Store {
    /// The fingerprint kept under `key`; the first server to ask stores its own.
    package func fingerprint(_ key: String, orStore own: String) async throws -> String {
        try await change(
            """
            INSERT INTO qkron.settings (key, value) VALUES (\(key), to_jsonb(\(own))) ON CONFLICT (key) DO NOTHING
            """)
        return try await one("SELECT value #>> '{}' AS value FROM qkron.settings WHERE key = \(key)")
    }

    /// Replaces the fingerprint kept under `key`, after a rotation.
    package func replaceFingerprint(_ key: String, with own: String) async throws {
        try await change(
            """
            UPDATE qkron.settings SET value = to_jsonb(\(own)), updated_at = clock_timestamp() WHERE key = \(key)
            """)
    }
}

extension Store {
    /// Forgets the fingerprint of a key, so that the next server may bring another.
    ///
    /// - Returns: false where none is known, or a server lives: it would work on with the key that is to be forgotten.
    package func forgetFingerprint(of key: SharedKey) async throws -> Bool {
        try await change(
            """
            DELETE FROM qkron.settings
            WHERE key = \(key.fingerprint) AND NOT EXISTS (SELECT FROM (\(Self.livingServers)) AS servers)
            """) > 0
    }

    /// The names of the servers that live: of a node that the lease has not left, and, for those that run no tasks and
    /// are no nodes, the address that a session comes from.
    package func livingServers() async throws -> [String] {
        try decode(try await rows("\(Self.livingServers) ORDER BY name")) { try $0.decode("name") }
    }

    /// How many tasks keep secrets.
    package func tasksWithSecrets() async throws -> Int {
        try await one("SELECT count(*) AS value FROM qkron.tasks WHERE sealed_env IS NOT NULL")
    }

    private static let livingServers: SQL = """
        SELECT name FROM qkron.nodes WHERE lease_expires_at > clock_timestamp()
        UNION
        SELECT 'one at ' || coalesce(host(client_addr), 'this machine') AS name FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'qkron' AND pid <> pg_backend_pid()
        """
}
