import Domain
import Postgres

extension Store {
    /// Counts what is running and pending now.
    package func statistics() async throws -> EngineStatistics {
        let rows = try await rows(
            """
            SELECT count(*) FILTER (WHERE status = 'running') AS running,
                   count(*) FILTER (WHERE status = 'pending' AND not_before <= clock_timestamp()) AS pending
            FROM qkron.executions
            WHERE status IN ('pending', 'running')
            """)
        return try only(
            try decode(rows) {
                EngineStatistics(running: try $0.decode("running"), pending: try $0.decode("pending"))
            })
    }

    /// Whether the database takes writes now.
    package func takesWrites() async throws -> Bool {
        let readOnly: String = try await one("SELECT current_setting('transaction_read_only') AS value")
        return readOnly == "off"
    }
}
