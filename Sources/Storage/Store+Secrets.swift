import Domain
import Foundation
import Postgres

extension Store {
    /// The sealed values of up to `limit` tasks whose ids come after `last`, by id; the tasks are locked.
    package func lockSealed(
        after last: Identifier<TaskDefinition>?, limit: Int
    ) async throws -> [(task: Identifier<TaskDefinition>, sealed: [TextKey: String])] {
        let rows = try await rows(
            """
            SELECT id, sealed_env
            FROM qkron.tasks
            WHERE sealed_env IS NOT NULL AND (\(last?.uuid)::uuid IS NULL OR id > \(last?.uuid))
            ORDER BY id
            LIMIT \(limit)
            FOR NO KEY UPDATE
            """)
        return try decode(rows) { row in (Identifier(try row.decode("id")), try Action.sealed(in: row)) }
    }

    /// Replaces the sealed values of locked tasks. Nothing else of them changes: they mean what they meant before.
    package func replaceSealed(
        _ changes: [(task: Identifier<TaskDefinition>, sealed: [TextKey: String])]
    ) async throws {
        try await change(
            """
            UPDATE qkron.tasks t SET sealed_env = c.sealed::jsonb
            FROM unnest(\(changes.map(\.task.uuid)), \(changes.map { Action.sealedText($0.sealed) })) AS c (id, sealed)
            WHERE t.id = c.id
            """)
    }
}
