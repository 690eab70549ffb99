import Domain
import Foundation
import Postgres
import Scheduling
import Storage

extension TestDatabase {
    /// Adds an account named after nobody else.
    package func addUser(_ name: String = "owner", role: Role = .user, passwordHash: String = "*") async throws -> User
    {
        try await store.insert(
            user: Identifier(), email: "\(name)@example.org", username: name, passwordHash: passwordHash, role: role)
    }

    /// The database's clock, at its latest whole second.
    package func second() async throws -> Date {
        Date(timeIntervalSince1970: try await store.now().timeIntervalSince1970.rounded(.down))
    }

    /// Adds a task that calls nothing, every minute from a minute hence unless `change` says otherwise.
    package func addTask(
        owner: User? = nil, _ change: (inout TaskDefinition) throws -> Void = { _ in }
    ) async throws -> TaskDefinition {
        let existing = try await store.users().first
        let owner = if let owner { owner } else if let existing { existing } else { try await addUser() }
        let now = try await second()
        var task = TaskDefinition.sample(owner: owner, at: now)
        try change(&task)
        let made = task
        try await database.transaction { store in
            try await store.insert(made)
            try await store.rememberSchedules(of: [made.id], at: now, commandRoles: Set(CommandRole.allCases))
        }
        return made
    }

    /// Adds a waiting execution of `task`, ready to start.
    package func addRun(
        of task: TaskDefinition, slot: Date? = nil, trigger: Trigger = .schedule, priority: Int? = nil
    ) async throws -> Identifier<Execution> {
        let now = try await store.now()
        let execution = NewExecution(
            task: task.id, trigger: trigger, scheduledFor: slot ?? now, status: .pending, reason: nil,
            priority: priority ?? task.priority)
        try await store.insert([execution])
        return execution.id
    }

    /// Registers a server.
    package func addNode(
        _ id: Identifier<Node> = Identifier(), name: String = "node", labels: [String] = [], leaseSeconds: Int = 30
    ) async throws -> Node {
        try await store.register(
            id, name: name, version: "test", labels: labels, capacity: 10, leaseSeconds: leaseSeconds
        ).node
    }

    /// Claims in a transaction of its own.
    package func claim(for node: Node, limit: Int = 100, taskLimit: Int = 100) async throws -> [Lease] {
        try await database.transaction { try await $0.claim(for: node, limit: limit, taskLimit: taskLimit) }
    }

    /// Records attempts, each in the first transaction of its own that finds their tasks free.
    @discardableResult
    package func finish(_ attempts: [FinishedAttempt]) async throws -> Set<Identifier<Execution>> {
        var recorded: Set<Identifier<Execution>> = []
        var left = attempts
        while !left.isEmpty {
            let outcome = try await database.transaction { [left] in try await $0.finish(left) }
            recorded.formUnion(outcome.executions)
            left.removeAll { !outcome.busyTasks.contains($0.lease.taskID) }
        }
        return recorded
    }

    /// The execution of this id, which must exist.
    package func execution(_ id: Identifier<Execution>) async throws -> Execution {
        let task: UUID = try await pool.value("SELECT task_id AS value FROM qkron.executions WHERE id = \(id.uuid)")
        guard let execution = try await store.execution(id, of: Identifier(task)) else {
            throw TestFailure("there is no execution \(id)")
        }
        return execution
    }

    /// All executions of a task, in order of their slots.
    package func executions(of task: TaskDefinition) async throws -> [Execution] {
        let listing = try await store.executions(ExecutionFilter(task: task.id), .slice(skip: 0, limit: 10_000))
        return listing.rows.sorted { ($0.scheduledFor, $0.id.description) < ($1.scheduledFor, $1.id.description) }
    }

    /// The task as it is stored now.
    package func task(_ task: TaskDefinition) async throws -> TaskDefinition {
        guard let task = try await store.task(task.id) else { throw TestFailure("there is no task \(task.id)") }
        return task
    }

    /// Lets the lease of a node lie in the past.
    package func lapse(_ node: Node) async throws {
        _ = try await pool.execute(
            """
            UPDATE qkron.nodes SET lease_expires_at = clock_timestamp() - interval '1 second'
            WHERE id = \(node.id.uuid)
            """)
    }

    /// Lets every waiting execution be ready now.
    package func endDelays() async throws {
        _ = try await pool.execute(
            "UPDATE qkron.executions SET not_before = clock_timestamp() WHERE status = 'pending'")
    }
}

extension TaskDefinition {
    /// A task of `owner`, every minute from a minute after `now`, three retries without delay.
    package static func sample(owner: User, at now: Date) -> TaskDefinition {
        TaskDefinition(
            id: Identifier(), ownerID: owner.id, ownerUsername: owner.username, name: "sample", description: nil,
            action: Action(kind: .command, parameters: ["command": .string("true")]),
            timing: TaskTiming(
                kind: .interval, text: "1m", timezone: "UTC", startsAt: nil, endsAt: nil, anchor: now, onceAt: nil),
            misfirePolicy: .fireOnce, misfireGrace: 60, jitter: 0, overlapPolicy: .skip, timeout: 300,
            retryPolicy: RetryPolicy(maxRetries: 3, delay: 0, backoff: .fixed), priority: 5, requires: [], tags: [],
            metadata: nil, dependencies: nil, callbackURL: nil, isActive: true, status: .pending, retryCount: 0,
            nextRun: now.addingTimeInterval(60), lastRun: nil,
            createdAt: now, updatedAt: now)
    }
}

extension FinishedAttempt {
    /// The end of the attempt of `lease`, with what its own retry policy decides.
    package init(_ lease: Lease, _ outcome: Outcome, stdout: String = "", returnCode: Int? = nil) {
        let report = AttemptReport(
            outcome: outcome, returnCode: returnCode, error: outcome == .succeeded ? nil : "it did not go well",
            stdout: OutputText(text: stdout, isTruncated: false))
        self.init(
            lease: lease, report: report,
            decision: lease.retryPolicy.decision(after: outcome, attempt: lease.attempt))
    }
}

extension TestDatabase {
    /// Adds an execution of `task` that came and ended in the past, as its columns would be; output if there is any.
    @discardableResult
    package func addPast(
        _ status: ExecutionStatus = .completed, of task: TaskDefinition, daysAgo days: Double,
        endedDaysAgo endedDays: Double? = nil, output: String? = nil
    ) async throws -> Identifier<Execution> {
        let started: SQL = status == .skipped || status == .pending ? "NULL::timestamptz" : "made"
        let ended: SQL =
            status.isEnd ? "clock_timestamp() - make_interval(secs => \((endedDays ?? days) * 86_400))" : "NULL"
        let id: UUID = try await pool.value(
            """
            WITH moment AS (SELECT clock_timestamp() - make_interval(secs => \(days * 86_400)) AS made), execution AS (
                INSERT INTO qkron.executions (
                    id, task_id, trigger, scheduled_for, status, priority, not_before, created_at, started_at, ended_at,
                    node_id, fencing_token)
                SELECT (lpad(to_hex(floor(extract(epoch FROM made) * 1000)::bigint), 12, '0') || '7'
                        || substr(md5(random()::text), 1, 3) || '8' || substr(md5(random()::text), 1, 15))::uuid,
                       \(task.id.uuid), 'schedule', made, \(status.rawValue), 5, made, made, \(started), \(ended),
                       gen_random_uuid(), 1
                FROM moment
                RETURNING *
            ), run AS (
                UPDATE qkron.tasks t SET last_run = greatest(t.last_run, e.started_at)
                FROM execution e WHERE t.id = e.task_id
            )
            SELECT id AS value FROM execution
            """)
        if let output {
            try await pool.execute(
                """
                INSERT INTO qkron.execution_output (execution_id, stdout, stderr, stdout_truncated, stderr_truncated)
                VALUES (\(id), \(output), '', false, false)
                """)
        }
        return Identifier(id)
    }

    /// When slots of a task began to lose their executions' records, if any may have.
    package func prunedBefore(_ task: TaskDefinition) async throws -> Date? {
        try await pool.value("SELECT pruned_before AS value FROM qkron.tasks WHERE id = \(task.id.uuid)")
    }
}
