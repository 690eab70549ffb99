import Domain
import Foundation
import Postgres

extension Store {
    /// Whether the task `t` depends on one that has not completed. A task without dependencies asks nobody.
    static let dependsOnUnfinished: SQL = """
        (t.dependencies IS NOT NULL AND EXISTS (
            SELECT FROM unnest(t.dependencies) AS d (id)
            WHERE NOT EXISTS (
                SELECT FROM qkron.tasks o WHERE o.id = d.id AND o.is_active AND o.status = 'completed')))
        """

    /// How these tasks stand, in their order: also of those that do not exist.
    package func dependencies(_ ids: [Identifier<TaskDefinition>]) async throws -> [Dependency] {
        guard !ids.isEmpty else { return [] }
        let rows = try await rows(
            """
            SELECT d.id, o.id IS NOT NULL AS exists, o.owner_id, o.name, o.status, o.is_active
            FROM unnest(\(ids.map(\.uuid))) WITH ORDINALITY AS d (id, place)
            LEFT JOIN qkron.tasks o ON o.id = d.id
            ORDER BY d.place
            """)
        return try decode(rows, Dependency.init(row:))
    }

    /// Waits until nobody else changes what depends on what, and keeps others from it until the transaction ends.
    /// Whoever holds it locks no further task.
    package func lockDependencies() async throws {
        try await change(AdvisoryLock.dependencies.taking)
    }

    /// Whether tasks of these ids depend on `task`, be it by way of others.
    package func any(of ids: [Identifier<TaskDefinition>], dependOn task: Identifier<TaskDefinition>) async throws
        -> Bool
    {
        try await one(
            """
            WITH RECURSIVE reached (id) AS (
                SELECT unnest(\(ids.map(\.uuid)))
                UNION
                SELECT d.id
                FROM reached r JOIN qkron.tasks t ON t.id = r.id CROSS JOIN unnest(t.dependencies) AS d (id)
            )
            SELECT EXISTS (SELECT FROM reached WHERE id = \(task.uuid)) AS value
            """)
    }
}

extension Dependency {
    fileprivate init(row: PostgresRow) throws(PostgresError) {
        let exists: Bool = try row.decode("exists")
        self.init(
            id: Identifier(try row.decode("id")),
            standing: exists
                ? Standing(
                    ownerID: try row.decode("owner_id", as: UUID?.self).map(Identifier.init),
                    name: try row.decode("name"), status: try row.named("status"),
                    isActive: try row.decode("is_active")) : nil)
    }
}
