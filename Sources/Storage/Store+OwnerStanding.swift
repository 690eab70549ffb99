import Domain
import Postgres

/// A task, and whether its owner may run it.
package struct StandingTask: Sendable {
    package let task: TaskDefinition
    /// Whether the owner's account is enabled, and its role may run such tasks; else the task rests.
    package let ownerStands: Bool
}

extension Store {
    /// Whether the owner of the task `t`, whose account is `u`, may run it.
    static func ownerStands(_ commandRoles: Set<CommandRole>) -> SQL {
        """
        (coalesce(u.is_active, true)
         AND (t.task_type <> 'command' OR coalesce(u.role, 'service') = ANY(\(commandRoles.map(\.rawValue)))))
        """
    }

    /// Locks up to `limit` tasks whose history does not tell yet whether their owners may run them.
    ///
    /// - Parameter owner: whose tasks; nil: everybody's.
    package func tasksToSettle(
        of owner: Identifier<User>?, _ commandRoles: Set<CommandRole>, limit: Int
    ) async throws -> [StandingTask] {
        let isMeant: SQL = if let owner { "t.owner_id = \(owner.uuid)" } else { "true" }
        let rows = try await rows(
            """
            SELECT \(TaskDefinition.columns), \(Self.ownerStands(commandRoles)) AS owner_stands
            FROM qkron.tasks t
            JOIN qkron.task_schedules s ON s.task_id = t.id AND s.valid_until IS NULL
            LEFT JOIN qkron.users u ON u.id = t.owner_id
            WHERE \(isMeant) AND s.owner_is_active <> \(Self.ownerStands(commandRoles))
            ORDER BY t.id
            LIMIT \(limit)
            FOR NO KEY UPDATE OF t
            """)
        return try decode(rows) {
            StandingTask(task: try TaskDefinition(row: $0), ownerStands: try $0.decode("owner_stands"))
        }
    }
}
