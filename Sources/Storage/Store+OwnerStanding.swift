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
        let rows = try await rows(Self.lockingTasksToSettle(of: owner, commandRoles, limit: limit))
        return try decode(rows) {
            StandingTask(task: try TaskDefinition(row: $0), ownerStands: try $0.decode("owner_stands"))
        }
    }

    /// Of everybody's tasks only those are read whose history says that their owners may not run them, and those of
    /// owners who may not run every task: the planner would rather read all (OFFSET 0 keeps it from that).
    static func lockingTasksToSettle(
        of owner: Identifier<User>?, _ commandRoles: Set<CommandRole>, limit: Int
    ) -> SQL {
        let roles = commandRoles.map(\.rawValue)
        let candidates: SQL =
            if let owner {
                "SELECT id FROM qkron.tasks WHERE owner_id = \(owner.uuid)"
            } else {
                """
                SELECT task_id AS id FROM qkron.task_schedules WHERE valid_until IS NULL AND NOT owner_is_active
                UNION
                SELECT o.id FROM qkron.users u
                CROSS JOIN LATERAL (SELECT id FROM qkron.tasks WHERE owner_id = u.id OFFSET 0) AS o
                WHERE NOT u.is_active OR u.role <> ALL(\(roles))
                UNION
                SELECT id FROM qkron.tasks WHERE owner_id IS NULL AND 'service' <> ALL(\(roles))
                """
            }
        let toSettle: SQL = """
            FROM qkron.tasks t
            JOIN qkron.task_schedules s ON s.task_id = t.id AND s.valid_until IS NULL
            LEFT JOIN qkron.users u ON u.id = t.owner_id
            WHERE s.owner_is_active <> \(ownerStands(commandRoles))
            """
        return """
            SELECT \(TaskDefinition.columns), \(ownerStands(commandRoles)) AS owner_stands
            \(toSettle)
              AND t.id = ANY(ARRAY(
                SELECT c.id
                FROM (\(candidates)) AS c
                CROSS JOIN LATERAL (SELECT \(toSettle) AND t.id = c.id OFFSET 0) AS t
                ORDER BY c.id
                LIMIT \(limit)))
            ORDER BY t.id
            FOR NO KEY UPDATE OF t
            """
    }
}
