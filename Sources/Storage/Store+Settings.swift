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
