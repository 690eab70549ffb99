import Domain
import Foundation
import Postgres
import Scheduling

/// A task that is due, or about to be, locked by the transaction that found it.
package struct DueTask: Sendable {
    /// The task's id.
    package let id: Identifier<TaskDefinition>
    /// When the task is due, as it is stored.
    package let timing: TaskTiming
    /// The slot that is due; later ones may be due as well.
    package let nextRun: Date
    /// Since when the timing is as it is.
    package let timingSince: Date
    /// The kind of its action.
    package let kind: ActionKind
    /// What its owner's account may do now; nil is the service key.
    package let ownerRole: Role?
    /// Whether its owner's account is enabled; else the task rests.
    package let ownerIsActive: Bool
    /// What becomes of slots that were missed.
    package let misfirePolicy: MisfirePolicy
    /// Seconds after which a slot counts as missed.
    package let misfireGrace: Int
    /// Seconds by which a start may be delayed.
    package let jitter: Int
    /// What becomes of a slot that meets an unfinished run.
    package let overlapPolicy: OverlapPolicy
    /// 1 to 10, which its executions inherit; bigger is more urgent.
    package let priority: Int
    /// The labels that a server needs to run it.
    package let requires: [String]
    /// Executions of the task that have not ended.
    package let unfinished: Int
    /// Those of them that have not started.
    package let waiting: Int
    /// Whether all firing is paused: then nothing becomes of it now.
    package let isPaused: Bool
    /// When the latest pause of all firing ended.
    package let resumedAt: Date?
    /// Whether it depends on a task that has not completed.
    package let mustWaitForOthers: Bool
    /// When the first of all tasks that were not found with it is due, be it that others are busy with it.
    package let othersDueAt: Date?
    /// The database's clock when it fires: at once, or at the last slot of those found with it, if that is ahead.
    package private(set) var now: Date
    /// The same instant by this machine's clock.
    package private(set) var firesAt: ContinuousClock.Instant
}

/// An execution to be recorded, as it is made.
package struct NewExecution: Sendable, Equatable {
    /// Its id, new with it.
    package let id: Identifier<Execution>
    /// The task that it is a run of.
    package let task: Identifier<TaskDefinition>
    /// Why it exists.
    package let trigger: Trigger
    /// The slot; for a run asked for by hand the moment it was asked for.
    package let scheduledFor: Date
    /// `pending`, or the end that it is made with.
    package let status: ExecutionStatus
    /// Why it is made with an end.
    package let reason: Reason?
    /// 1 to 10; bigger is more urgent among waiting executions.
    package let priority: Int
    /// When it may start, if not at once.
    package let notBefore: Date?
    /// What went wrong, for one that is made with an end.
    package let error: String?
    /// The execution that this one repeats.
    package let retryOf: Identifier<Execution>?

    /// An execution to be recorded: `pending`, or already at an end.
    package init(
        id: Identifier<Execution> = Identifier(), task: Identifier<TaskDefinition>, trigger: Trigger,
        scheduledFor: Date, status: ExecutionStatus, reason: Reason?, priority: Int, notBefore: Date? = nil,
        error: String? = nil, retryOf: Identifier<Execution>? = nil
    ) {
        self.id = id
        self.task = task
        self.trigger = trigger
        self.scheduledFor = scheduledFor
        self.status = status
        self.reason = reason
        self.priority = priority
        self.notBefore = notBefore
        self.error = error
        self.retryOf = retryOf
    }
}

/// What due slots have become.
package struct FiredSlots: Sendable {
    /// The executions that are new: a slot may have had its own.
    package var made: Set<Identifier<Execution>> = []
    /// The right to those of them that started at once.
    package var leases: [Lease] = []

    /// Nothing was due.
    package init() {}
}

extension Store {
    /// Locks up to `limit` tasks that are due, or will be within `span`, and that nobody else is busy with, the longest
    /// due first. Until the transaction ends nobody pauses all firing, or ends that pause.
    ///
    /// - Parameter labels: of the server. Tasks that require others are found only once they are due, and so are those
    ///   that depend on others, or run and exclude another run: one that ends before the slot may change what becomes
    ///   of it.
    package func dueTasks(
        limit: Int, within span: Duration = .zero, labels: [String] = [],
        passingOver others: [Identifier<TaskDefinition>] = []
    ) async throws -> [DueTask] {
        let locked = try await rows(
            Self.lockingDueTasks(limit: limit, within: span, labels: labels, passingOver: others))
        let ids: [UUID] = try decode(locked) { try $0.decode("id") }
        guard !ids.isEmpty else { return [] }
        // A second statement: what it counts, and a pause that it finds, is newer than the locks, so nobody can add to
        // it unseen.
        let rows = try await rows(
            """
            SELECT t.id, t.task_type, t.schedule_type, t.schedule, t.timezone, t.starts_at, t.ends_at, t.anchor,
                   t.once_at, t.dst_policy, t.next_run, t.timing_since, t.misfire_policy, t.misfire_grace, t.jitter,
                   t.overlap_policy, t.priority, t.requires, u.role, coalesce(u.is_active, true) AS owner_is_active,
                   c.unfinished, c.waiting, \(Self.dependsOnUnfinished) AS must_wait, clock_timestamp() AS now,
                   EXISTS (SELECT FROM qkron.scheduler_pauses WHERE resumed_at IS NULL) AS is_paused,
                   (SELECT max(resumed_at) FROM qkron.scheduler_pauses) AS resumed_at,
                   \(Self.earliestRun(besides: ids + others.map(\.uuid))) AS others_due_at
            FROM qkron.tasks t
            LEFT JOIN qkron.users u ON u.id = t.owner_id
            CROSS JOIN LATERAL (\(Self.countingUnfinished)) AS c
            WHERE t.id = ANY(\(ids))
            ORDER BY t.next_run, t.id
            """)
        let found = ContinuousClock.now
        let due = try decode(rows) { try DueTask(row: $0, found: found) }
        // If the clock was stepped back meanwhile, some are not due for long.
        guard let foundAt = due.first?.now,
            let lastSlot = due.last(where: { Duration.seconds($0.nextRun.timeIntervalSince(foundAt)) <= span })?.nextRun
        else { return due }
        let wait = max(0, lastSlot.timeIntervalSince(foundAt))
        return due.map { $0.firing(at: foundAt.addingTimeInterval(wait), found + .seconds(wait)) }
    }

    /// How many executions of the task `t` have not ended, and how many of them have not started.
    static let countingUnfinished: SQL = """
        SELECT count(*) AS unfinished, count(*) FILTER (WHERE e.started_at IS NULL) AS waiting
        FROM qkron.executions e
        WHERE e.task_id = t.id AND e.status IN ('pending', 'running')
        """

    /// By the statement's time, which stands still: an index is searched with it, and all of it read with the clock's.
    static func lockingDueTasks(
        limit: Int, within span: Duration = .zero, labels: [String] = [],
        passingOver others: [Identifier<TaskDefinition>] = []
    ) -> SQL {
        """
        SELECT t.id FROM (\(AdvisoryLock.firing.sharing)) AS f, qkron.tasks t
        WHERE t.next_run <= statement_timestamp() + make_interval(secs => \(span / .seconds(1)))
          AND (t.next_run <= statement_timestamp()
               OR (t.dependencies IS NULL AND (t.status <> 'running' OR t.overlap_policy = 'allow')
                   AND \(isCarried(by: labels))))
          AND t.id <> ALL(\(others.map(\.uuid)))
        ORDER BY t.next_run
        LIMIT \(limit)
        FOR NO KEY UPDATE OF t SKIP LOCKED
        """
    }

    /// Records executions as they are made. A slot that has its execution already keeps that one.
    ///
    /// - Returns: those recorded.
    @discardableResult
    package func insert(_ executions: [NewExecution]) async throws -> Set<Identifier<Execution>> {
        guard !executions.isEmpty else { return [] }
        let rows = try await rows(
            """
            INSERT INTO qkron.executions (
                id, task_id, trigger, scheduled_for, status, reason, priority, error, retry_of, not_before, ended_at,
                created_at)
            SELECT n.id, n.task_id, n.trigger, n.scheduled_for, n.status, n.reason, n.priority, n.error, n.retry_of,
                   coalesce(n.not_before, clock_timestamp()),
                   CASE WHEN n.status <> 'pending' THEN clock_timestamp() END, clock_timestamp()
            FROM unnest(\(executions.map(\.id.uuid)), \(executions.map(\.task.uuid)),
                        \(executions.map(\.trigger.rawValue)), \(executions.map(\.scheduledFor)),
                        \(executions.map(\.status.rawValue)), \(executions.map { $0.reason?.rawValue }),
                        \(executions.map(\.priority)), \(executions.map(\.error)),
                        \(executions.map { $0.retryOf?.uuid }), \(executions.map(\.notBefore)))
                 AS n (id, task_id, trigger, scheduled_for, status, reason, priority, error, retry_of, not_before)
            ON CONFLICT (task_id, scheduled_for) WHERE trigger = 'schedule' DO NOTHING
            RETURNING id
            """)
        return Set(try decode(rows) { Identifier(try $0.decode("id")) })
    }

    /// Records the executions of due slots as they are made, and moves their tasks on. Those of `starting` start at
    /// once on `node`, if it has the right to claim; whoever names them has made sure that their tasks allow it. A slot
    /// that has its execution already keeps that one.
    ///
    /// - Parameter instant: before which nothing fires. The thread of the transaction waits for it, so it is a few
    ///   milliseconds away at most.
    package func fire(
        _ executions: [NewExecution], starting: some Sequence<Identifier<Execution>>, on node: Node,
        moving moves: [(task: Identifier<TaskDefinition>, nextRun: Date?)], at instant: ContinuousClock.Instant = .now
    ) async throws -> FiredSlots {
        let firing: SQL = """
            WITH entitled AS (
                -- Not waited for: claiming locks the node before tasks, and this is the other way round.
                \(Self.rightToClaim(of: node)) FOR KEY SHARE SKIP LOCKED
            ), slot AS (
                \(Self.listing(executions, starting: Set(starting)))
            ), made AS (
                \(Self.makingSlots(on: node))
            ), moved AS (
                \(Self.moving(moves))
            )
            SELECT \(Lease.columns)
            FROM made e LEFT JOIN qkron.tasks t ON t.id = e.task_id AND e.status = 'running'
            """
        // A timer would wake two threads, and the transaction has this one to itself.
        holdThread(until: instant)
        let rows = try await rows(firing)
        var slots = FiredSlots()
        slots.made = Set(try decode(rows) { Identifier(try $0.decode("id")) })
        slots.leases = try decode(rows) { row in
            try row.decode("fencing_token", as: Int?.self) == nil ? nil : try Lease(row: row)
        }.compactMap { $0 }
        return slots
    }

    /// The executions as rows; those that are to start begin, where `entitled` has a row.
    private static func listing(_ executions: [NewExecution], starting: Set<Identifier<Execution>>) -> SQL {
        """
        SELECT *, starts AND EXISTS (SELECT FROM entitled) AS begins
        FROM unnest(\(executions.map(\.id.uuid)), \(executions.map(\.task.uuid)),
                    \(executions.map(\.trigger.rawValue)), \(executions.map(\.scheduledFor)),
                    \(executions.map(\.status.rawValue)), \(executions.map { $0.reason?.rawValue }),
                    \(executions.map(\.priority)), \(executions.map(\.notBefore)),
                    \(executions.map { starting.contains($0.id) }))
             AS s (id, task_id, trigger, scheduled_for, status, reason, priority, not_before, starts)
        """
    }

    /// Makes the executions of each `slot`, and starts on `node` those that begin.
    private static func makingSlots(on node: Node) -> SQL {
        """
        INSERT INTO qkron.executions (
            id, task_id, trigger, scheduled_for, reason, priority, not_before, created_at, status, ended_at,
            attempt_number, fencing_token, node_id, node_epoch, node_name, started_at, attempt_started_at,
            is_exclusive)
        SELECT s.id, s.task_id, s.trigger, s.scheduled_for, s.reason, s.priority,
               coalesce(s.not_before, statement_timestamp()), statement_timestamp(),
               CASE WHEN s.begins THEN 'running' ELSE s.status END,
               CASE WHEN s.status <> 'pending' THEN statement_timestamp() END,
               CASE WHEN s.begins THEN 1 ELSE 0 END,
               CASE WHEN s.begins THEN nextval('qkron.fencing_tokens') END,
               CASE WHEN s.begins THEN \(node.id.uuid) END, CASE WHEN s.begins THEN \(node.epoch) END,
               CASE WHEN s.begins THEN \(node.name) END,
               CASE WHEN s.begins THEN statement_timestamp() END,
               CASE WHEN s.begins THEN statement_timestamp() END,
               s.begins AND t.overlap_policy <> 'allow'
        FROM slot s JOIN qkron.tasks t ON t.id = s.task_id
        ON CONFLICT (task_id, scheduled_for) WHERE trigger = 'schedule' DO NOTHING
        RETURNING *
        """
    }

    /// Moves tasks on to their next slots; those of the runs `made` that began read `running`.
    private static func moving(_ moves: [(task: Identifier<TaskDefinition>, nextRun: Date?)]) -> SQL {
        """
        UPDATE qkron.tasks t
        SET next_run = m.next_run,
            status = CASE WHEN m.begins AND t.status <> 'cancelled' THEN 'running' ELSE t.status END,
            -- Of the same statement as what was made.
            last_run = CASE WHEN m.begins THEN statement_timestamp() ELSE t.last_run END,
            retry_count = CASE WHEN m.begins THEN 0 ELSE t.retry_count END
        FROM (SELECT id, next_run, id IN (SELECT task_id FROM made WHERE status = 'running') AS begins
              FROM unnest(\(moves.map(\.task.uuid)), \(moves.map(\.nextRun))) AS m (id, next_run)) AS m
        WHERE t.id = m.id
        """
    }

    /// Seconds until the next task is due, by the database's clock; negative if one is overdue, nil if none will be.
    package func secondsUntilDue(passingOver others: [Identifier<TaskDefinition>] = []) async throws -> Double? {
        try await one(
            """
            SELECT extract(epoch FROM \(Self.earliestRun(besides: others.map(\.uuid))) - clock_timestamp())::float8
                   AS value
            """)
    }

    /// When the first of all tasks besides these is due.
    private static func earliestRun(besides tasks: [UUID]) -> SQL {
        "(SELECT min(next_run) FROM qkron.tasks WHERE id <> ALL(\(tasks)))"
    }
}

extension DueTask {
    fileprivate init(row: PostgresRow, found: ContinuousClock.Instant) throws(PostgresError) {
        self.init(
            id: Identifier(try row.decode("id")),
            timing: try TaskTiming(row: row),
            nextRun: try row.decode("next_run"),
            timingSince: try row.decode("timing_since"),
            kind: ActionKind(rawValue: try row.decode("task_type")),
            ownerRole: try row.namedIfPresent("role"),
            ownerIsActive: try row.decode("owner_is_active"),
            misfirePolicy: try row.named("misfire_policy"),
            misfireGrace: try row.decode("misfire_grace"),
            jitter: try row.decode("jitter"),
            overlapPolicy: try row.named("overlap_policy"),
            priority: try row.decode("priority"),
            requires: try row.decode("requires"),
            unfinished: try row.decode("unfinished"),
            waiting: try row.decode("waiting"),
            isPaused: try row.decode("is_paused"),
            resumedAt: try row.decode("resumed_at"),
            mustWaitForOthers: try row.decode("must_wait"),
            othersDueAt: try row.decode("others_due_at"),
            now: try row.decode("now"),
            firesAt: found)
    }

    fileprivate func firing(at now: Date, _ instant: ContinuousClock.Instant) -> DueTask {
        var task = self
        (task.now, task.firesAt) = (now, instant)
        return task
    }
}
