import Domain
import Foundation
import Postgres

/// A task that a run is asked of, locked by the transaction that found it.
package struct RequestedTask: Sendable {
    /// The task's id.
    package let id: Identifier<TaskDefinition>
    /// Whose it is; nil is the service key.
    package let ownerID: Identifier<User>?
    /// The kind of its action.
    package let kind: ActionKind
    /// Where it stands.
    package let status: TaskStatus
    /// What becomes of a run that meets an unfinished one.
    package let overlapPolicy: OverlapPolicy
    /// 1 to 10, which its executions inherit; bigger is more urgent.
    package let priority: Int
    /// What must have completed before it runs.
    package let dependencies: [Identifier<TaskDefinition>]
    /// Executions of the task that have not ended.
    package let unfinished: Int
    /// Those of them that have not started.
    package let waiting: Int
    /// The database's clock when the task was found.
    package let now: Date
}

/// An execution that is to be repeated.
package struct RepeatedExecution: Sendable {
    /// The task that it is a run of.
    package let task: Identifier<TaskDefinition>
    /// Where it stands.
    package let status: ExecutionStatus
    /// Its slot, which the new one takes over.
    package let scheduledFor: Date
}

extension Store {
    /// The executions of these ids, as far as they exist; their tasks must be locked.
    package func repeated(
        _ ids: [Identifier<Execution>]
    ) async throws -> [Identifier<Execution>: RepeatedExecution] {
        guard !ids.isEmpty else { return [:] }
        let rows = try await rows(
            "SELECT id, task_id, status, scheduled_for FROM qkron.executions WHERE id = ANY(\(ids.map(\.uuid)))")
        let found = try decode(rows) { row in
            (
                Identifier<Execution>(try row.decode("id")),
                RepeatedExecution(
                    task: Identifier(try row.decode("task_id")), status: try row.named("status"),
                    scheduledFor: try row.decode("scheduled_for"))
            )
        }
        return Dictionary(uniqueKeysWithValues: found)
    }

    /// Locks the tasks of these ids, as far as they exist.
    ///
    /// - Parameter passingOverBusy: leaves out those that somebody else is busy with, instead of waiting for them.
    package func requestedTasks(
        _ ids: Set<Identifier<TaskDefinition>>, passingOverBusy: Bool
    ) async throws -> [RequestedTask] {
        let found = try await lockTasks(ids, passingOverBusy: passingOverBusy)
        guard !found.isEmpty else { return [] }
        // A second statement: what it counts is newer than the locks, so nobody can add to it unseen.
        let rows = try await rows(
            """
            SELECT t.id, t.owner_id, t.task_type, t.status, t.overlap_policy, t.priority, t.dependencies, c.unfinished,
                   c.waiting, clock_timestamp() AS now
            FROM qkron.tasks t
            CROSS JOIN LATERAL (\(Self.countingUnfinished)) AS c
            WHERE t.id = ANY(\(found))
            """)
        return try decode(rows, RequestedTask.init(row:))
    }
}

extension RequestedTask {
    fileprivate init(row: PostgresRow) throws(PostgresError) {
        self.init(
            id: Identifier(try row.decode("id")),
            ownerID: try row.decode("owner_id", as: UUID?.self).map(Identifier.init),
            kind: ActionKind(rawValue: try row.decode("task_type")),
            status: try row.named("status"),
            overlapPolicy: try row.named("overlap_policy"),
            priority: try row.decode("priority"),
            dependencies: try row.decode("dependencies", as: [UUID]?.self)?.map(Identifier.init) ?? [],
            unfinished: try row.decode("unfinished"),
            waiting: try row.decode("waiting"),
            now: try row.decode("now"))
    }
}
