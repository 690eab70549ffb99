import Domain
import Foundation
import Postgres

extension Store {
    /// Locks the tasks of a choice as `lockTask` does, all in one order.
    ///
    /// - Parameters:
    ///   - owner: leaves out all others' tasks.
    ///   - limit: the most that are locked.
    /// - Returns: those that exist.
    package func lockTasks(
        _ choice: BulkChoice, of owner: Identifier<User>? = nil, limit: Int
    ) async throws -> [Identifier<TaskDefinition>] {
        let condition: SQL =
            switch choice {
            case .ids(let ids): "t.id = ANY(\(ids.map(\.uuid)))"
            case .tagged(let tags): "t.tags @> \(tags)"
            }
        let rows = try await rows(
            """
            SELECT t.id FROM qkron.tasks t
            WHERE \(condition) AND (\(owner?.uuid)::uuid IS NULL OR t.owner_id = \(owner?.uuid))
            ORDER BY t.id
            LIMIT \(limit)
            FOR NO KEY UPDATE
            """)
        return try decode(rows) { Identifier(try $0.decode("id")) }
    }

    /// Those of the tasks that exist, in the order of their ids.
    package func tasks(_ ids: [Identifier<TaskDefinition>]) async throws -> [TaskDefinition] {
        let rows = try await rows(
            """
            SELECT \(TaskDefinition.columns)
            FROM qkron.tasks t LEFT JOIN qkron.users u ON u.id = t.owner_id
            WHERE t.id = ANY(\(ids.map(\.uuid)))
            ORDER BY t.id
            """)
        return try decode(rows, TaskDefinition.init(row:))
    }

    /// Those of the tasks whose owners are disabled, or may not run them.
    package func tasksAtRest(
        among ids: [Identifier<TaskDefinition>], commandRoles: Set<CommandRole>
    ) async throws -> Set<Identifier<TaskDefinition>> {
        let rows = try await rows(
            """
            SELECT t.id FROM qkron.tasks t LEFT JOIN qkron.users u ON u.id = t.owner_id
            WHERE t.id = ANY(\(ids.map(\.uuid))) AND NOT \(Self.ownerStands(commandRoles))
            """)
        return Set(try decode(rows) { Identifier(try $0.decode("id")) })
    }

    /// Stores whether locked tasks are active, where they stand and when they are due next.
    package func setStanding(of tasks: [TaskDefinition], at now: Date) async throws {
        try await change(
            """
            UPDATE qkron.tasks t
            SET is_active = s.is_active, status = s.status, next_run = s.next_run, updated_at = \(now)
            FROM unnest(\(tasks.map(\.id.uuid)), \(tasks.map(\.isActive)), \(tasks.map(\.status.rawValue)),
                        \(tasks.map(\.nextRun))) AS s (id, is_active, status, next_run)
            WHERE t.id = s.id
            """)
    }
}
