import Domain
import Foundation
import Postgres
import Scheduling

extension Store {
    /// Locks a task against every other change to it and to the state of its executions, until the transaction ends.
    /// False if there is none of this id.
    package func lockTask(_ id: Identifier<TaskDefinition>) async throws -> Bool {
        try await !rows("SELECT FROM qkron.tasks WHERE id = \(id.uuid) FOR NO KEY UPDATE").isEmpty
    }

    /// Locks tasks as `lockTask` does, all in one order.
    ///
    /// - Parameter passingOverBusy: leaves out those that somebody else has locked, instead of waiting for them.
    /// - Returns: those that exist, and are locked now.
    func lockTasks(
        _ ids: Set<Identifier<TaskDefinition>>, passingOverBusy: Bool = false
    ) async throws -> [UUID] {
        let locking: SQL = "SELECT id FROM qkron.tasks WHERE id = ANY(\(ids.map(\.uuid))) ORDER BY id FOR NO KEY UPDATE"
        return try decode(try await rows(passingOverBusy ? "\(locking) SKIP LOCKED" : locking)) {
            try $0.decode("id")
        }
    }

    /// The task of this id.
    package func task(_ id: Identifier<TaskDefinition>) async throws -> TaskDefinition? {
        guard let row = try await find(id.uuid, by: Self.taskByID) else { return nil }
        return try decode([row], TaskDefinition.init(row:)).first
    }

    private static let taskByID = Lookup(by: "id") { ids in
        """
        SELECT \(TaskDefinition.columns)
        FROM qkron.tasks t LEFT JOIN qkron.users u ON u.id = t.owner_id
        WHERE t.id = ANY(\(ids))
        """
    }

    /// Adds a task as it stands.
    package func insert(_ task: TaskDefinition) async throws {
        let timing = task.timing
        try await change(
            """
            INSERT INTO qkron.tasks (
                id, owner_id, name, name_key, description, task_type, parameters, sealed_env, schedule_type, schedule,
                timezone, starts_at, ends_at, anchor, once_at, dst_policy, timing_since, misfire_policy, misfire_grace,
                jitter, overlap_policy, timeout, max_retries, retry_delay, retry_backoff, priority, requires, tags,
                metadata, dependencies, callback_url, is_active, status, next_run, created_at, updated_at)
            VALUES (
                \(task.id.uuid), \(task.ownerID?.uuid), \(task.name), \(task.name.folded), \(task.description),
                \(task.action.kind.rawValue), \(JSONText(.object(task.action.parameters))),
                \(Action.sealedText(task.action.sealed))::jsonb, \(timing.kind.rawValue), \(timing.text),
                \(timing.timezone), \(timing.startsAt), \(timing.endsAt), \(timing.anchor), \(timing.onceAt),
                \(timing.dstPolicy.rawValue), \(task.createdAt), \(task.misfirePolicy.rawValue), \(task.misfireGrace),
                \(task.jitter),
                \(task.overlapPolicy.rawValue), \(task.timeout), \(task.retryPolicy.maxRetries),
                \(task.retryPolicy.delay), \(task.retryPolicy.backoff.rawValue), \(task.priority), \(task.requires),
                \(task.tags), \(task.metadata?.serialized())::json, \(task.dependencies?.map(\.uuid)),
                \(task.callbackURL), \(task.isActive), \(task.status.rawValue), \(task.nextRun), \(task.createdAt),
                \(task.updatedAt))
            """)
    }

    /// Stores a task as it stands, but for what its runs decide; the task must be locked.
    ///
    /// - Parameter timingChangedAt: when the timing is another than before: the moment of the change.
    package func update(_ task: TaskDefinition, timingChangedAt: Date?, at now: Date) async throws {
        let timing = task.timing
        try await change(
            """
            UPDATE qkron.tasks
            SET name = \(task.name), name_key = \(task.name.folded), description = \(task.description),
                parameters = \(JSONText(.object(task.action.parameters))),
                sealed_env = \(Action.sealedText(task.action.sealed))::jsonb, schedule_type = \(timing.kind.rawValue),
                schedule = \(timing.text), timezone = \(timing.timezone), starts_at = \(timing.startsAt),
                ends_at = \(timing.endsAt), anchor = \(timing.anchor), once_at = \(timing.onceAt),
                dst_policy = \(timing.dstPolicy.rawValue), jitter = \(task.jitter),
                timing_since = coalesce(\(timingChangedAt), timing_since),
                misfire_policy = \(task.misfirePolicy.rawValue), misfire_grace = \(task.misfireGrace),
                overlap_policy = \(task.overlapPolicy.rawValue), timeout = \(task.timeout),
                max_retries = \(task.retryPolicy.maxRetries), retry_delay = \(task.retryPolicy.delay),
                retry_backoff = \(task.retryPolicy.backoff.rawValue), priority = \(task.priority),
                requires = \(task.requires), tags = \(task.tags),
                metadata = \(task.metadata?.serialized())::json,
                dependencies = \(task.dependencies?.map(\.uuid)), callback_url = \(task.callbackURL),
                is_active = \(task.isActive), status = \(task.status.rawValue), next_run = \(task.nextRun),
                updated_at = \(now)
            WHERE id = \(task.id.uuid)
            """)
        try await change(
            """
            UPDATE qkron.executions SET priority = \(task.priority)
            WHERE task_id = \(task.id.uuid) AND status = 'pending' AND priority <> \(task.priority)
            """)
    }

    /// Removes a task with its executions; false if there is none of this id.
    package func deleteTask(_ id: Identifier<TaskDefinition>) async throws -> Bool {
        try await deleteTasks([id]) > 0
    }

    /// Removes tasks with their executions, in parts none of which takes long enough to be given up.
    ///
    /// - Returns: how many there were.
    @discardableResult
    package func deleteTasks(_ ids: [Identifier<TaskDefinition>]) async throws -> Int {
        var count = 0
        for first in stride(from: 0, to: ids.count, by: 500) {
            let part = ids[first..<min(first + 500, ids.count)].map(\.uuid)
            while try await change(
                """
                DELETE FROM qkron.executions
                WHERE id IN (SELECT id FROM qkron.executions WHERE task_id = ANY(\(part)) LIMIT 10000)
                """) > 0
            {}
            count += try await change("DELETE FROM qkron.tasks WHERE id = ANY(\(part))")
        }
        return count
    }

    /// Ends the current row of each task's schedule history and begins the next with what the task holds now.
    /// The tasks must be locked.
    ///
    /// - Parameter commandRoles: whose command tasks run; for those of others the owner does not stand.
    package func rememberSchedules(
        of ids: [Identifier<TaskDefinition>], at now: Date, commandRoles: Set<CommandRole>
    ) async throws {
        let ids = ids.map(\.uuid)
        try await change(
            """
            UPDATE qkron.task_schedules SET valid_until = greatest(valid_from, \(now))
            WHERE task_id = ANY(\(ids)) AND valid_until IS NULL
            """)
        try await change(
            """
            INSERT INTO qkron.task_schedules (
                task_id, valid_from, schedule_type, schedule, timezone, dst_policy, starts_at, ends_at, anchor,
                once_at, is_active, owner_is_active)
            SELECT t.id, \(now), t.schedule_type, t.schedule, t.timezone, t.dst_policy, t.starts_at, t.ends_at,
                   t.anchor, t.once_at, t.is_active AND t.status <> 'cancelled', \(Self.ownerStands(commandRoles))
            FROM qkron.tasks t LEFT JOIN qkron.users u ON u.id = t.owner_id
            WHERE t.id = ANY(\(ids))
            """)
    }

    /// The tasks that a filter lets through, newest first.
    package func tasks(_ filter: TaskFilter, _ window: Window) async throws -> Listing<TaskDefinition> {
        let condition = filter.condition
        let total: Int = try await one(
            """
            SELECT count(*) AS value
            FROM (SELECT FROM qkron.tasks t WHERE \(condition) LIMIT \(Window.reach)) AS reachable
            """)
        guard window.offset < total else { return Listing(rows: [], total: total) }
        let rows = try await rows(
            """
            SELECT \(TaskDefinition.columns)
            FROM qkron.tasks t LEFT JOIN qkron.users u ON u.id = t.owner_id
            WHERE \(condition)
            ORDER BY t.created_at DESC, t.id DESC
            OFFSET \(window.offset) LIMIT \(window.limit)
            """)
        return Listing(rows: try decode(rows, TaskDefinition.init(row:)), total: total)
    }

    /// Locks every task of an owner, and answers them.
    package func lockTasks(ownedBy owner: Identifier<User>) async throws -> [TaskDefinition] {
        let rows = try await rows(
            """
            SELECT \(TaskDefinition.columns)
            FROM qkron.tasks t LEFT JOIN qkron.users u ON u.id = t.owner_id
            WHERE t.owner_id = \(owner.uuid)
            ORDER BY t.id
            FOR NO KEY UPDATE OF t
            """)
        return try decode(rows, TaskDefinition.init(row:))
    }

    /// Moves the next runs of locked tasks.
    package func setNextRuns(_ moves: [(task: Identifier<TaskDefinition>, nextRun: Date?)]) async throws {
        try await change(
            """
            UPDATE qkron.tasks t SET next_run = m.next_run
            FROM unnest(\(moves.map(\.task.uuid)), \(moves.map(\.nextRun))) AS m (id, next_run)
            WHERE t.id = m.id
            """)
    }
}

extension TaskFilter {
    /// No task has more tags; of further values with commas only the parts are looked for.
    private static let mostUndivided = 50

    private var tagConditions: [SQL] {
        let comma = UInt8(ascii: ",")
        let divided = tags.map { tag in tag.utf8.split(separator: comma).map { String(Substring($0)) } }
        var (needed, conditions): ([String], [SQL]) = ([], [])
        for (tag, parts) in zip(tags, divided) {
            if tag.utf8.contains(comma), conditions.count < Self.mostUndivided {
                conditions.append("(t.tags @> \([tag]) OR t.tags @> \(parts))")
            } else {
                needed += parts
            }
        }
        return needed.isEmpty ? conditions : conditions + ["t.tags @> \(needed)"]
    }

    fileprivate var condition: SQL {
        var parts: [SQL] = ["true"]
        switch owner {
        case .user(let owner): parts.append("t.owner_id = \(owner.uuid)")
        case .service: parts.append("t.owner_id IS NULL")
        case nil: break
        }
        if !statuses.isEmpty { parts.append("t.status = ANY(\(statuses.map(\.rawValue)))") }
        if !kinds.isEmpty { parts.append("t.task_type = ANY(\(kinds.map(\.rawValue)))") }
        parts += tagConditions
        if let isActive { parts.append("t.is_active = \(isActive)") }
        if let scheduleKind { parts.append("t.schedule_type = \(scheduleKind.rawValue)") }
        if let namePart {
            // Servers of versions before have written other keys, or none.
            parts.append(
                """
                (strpos(t.name_key, \(namePart.folded)) > 0 OR strpos(t.name_key, \(namePart.caseless)) > 0
                 OR t.name_key IS NULL AND strpos(lower(t.name), lower(\(namePart))) > 0)
                """)
        }
        return SQL.joined(parts, separator: " AND ")
    }
}
