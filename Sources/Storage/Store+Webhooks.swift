import Domain
import Foundation
import Postgres

/// What is known of a task by whoever knows its secret.
package struct WebhookTarget: Sendable {
    /// SHA-256 of its secret; nil: it has none.
    package let hash: [UInt8]?
    /// Whose rights the secret gives; nil where the task belongs to the service key.
    package let owner: User?
}

extension Store {
    /// The task of this id as a webhook may start it.
    package func webhookTarget(_ id: Identifier<TaskDefinition>) async throws -> WebhookTarget? {
        let rows = try await read(
            """
            SELECT t.webhook_hash, t.owner_id, \(User.columns)
            FROM qkron.tasks t LEFT JOIN qkron.users u ON u.id = t.owner_id
            WHERE t.id = \(id.uuid)
            """)
        return try decode(rows) { row in
            WebhookTarget(
                hash: try row.decode("webhook_hash", as: [UInt8]?.self),
                owner: try row.decode("owner_id", as: UUID?.self) == nil ? nil : try User(row: row))
        }.first
    }

    /// Gives a locked task a new secret, in place of the one that it may have.
    ///
    /// - Parameter hash: SHA-256 of the secret.
    package func setWebhookHash(_ hash: [UInt8], of id: Identifier<TaskDefinition>) async throws {
        try await change(
            "UPDATE qkron.tasks SET webhook_hash = \(hash), updated_at = clock_timestamp() WHERE id = \(id.uuid)")
    }
}
