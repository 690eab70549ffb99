import Domain
import Foundation
import Postgres

/// The pause of all firing. Whoever fires holds a lock together with all others who do; whoever begins or ends a pause
/// holds it alone: so nothing fires once the beginning is committed.
extension Store {
    /// Begins a pause, asked for by somebody of this name; false if all firing is paused already. Waits for what is
    /// being fired.
    package func pauseFiring(by name: String?) async throws -> Bool {
        try await holdFiring()
        return try await change(
            """
            INSERT INTO qkron.scheduler_pauses (paused_at, paused_by) VALUES (clock_timestamp(), \(name))
            ON CONFLICT DO NOTHING
            """) > 0
    }

    /// Ends the pause; false if there is none.
    package func resumeFiring() async throws -> Bool {
        try await holdFiring()
        return try await change(
            """
            UPDATE qkron.scheduler_pauses SET resumed_at = greatest(paused_at, clock_timestamp())
            WHERE resumed_at IS NULL
            """) > 0
    }

    /// Alone, until the transaction ends. A statement of its own, so that the next one sees what was committed before.
    private func holdFiring() async throws {
        _ = try await rows(AdvisoryLock.firing.taking)
    }

    /// The pause that lasts, if any.
    package func presentPause() async throws -> FiringPause? {
        try decode(
            try await rows(
                "SELECT paused_at, paused_by, resumed_at FROM qkron.scheduler_pauses WHERE resumed_at IS NULL"),
            FiringPause.init(row:)
        ).first
    }

    /// The pauses that touch a window of time or come after it, oldest first.
    package func pauses(since: Date) async throws -> [FiringPause] {
        try decode(
            try await rows(
                """
                SELECT paused_at, paused_by, resumed_at FROM qkron.scheduler_pauses
                WHERE resumed_at IS NULL OR resumed_at >= \(since)
                ORDER BY paused_at, id
                """),
            FiringPause.init(row:))
    }
}

extension FiringPause {
    fileprivate init(row: PostgresRow) throws(PostgresError) {
        self.init(
            pausedAt: try row.decode("paused_at"), pausedBy: try row.decode("paused_by"),
            resumedAt: try row.decode("resumed_at"))
    }
}
