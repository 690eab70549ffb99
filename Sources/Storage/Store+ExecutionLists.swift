import Domain
import Postgres

extension Store {
    /// The executions that a filter lets through, newest first, each with an excerpt of its output.
    package func executions(_ filter: ExecutionFilter, _ window: Window) async throws -> Listing<Execution> {
        let total: Int = try await one(Self.count(of: filter))
        guard window.offset < total else { return Listing(rows: [], total: total) }
        let rows = try await rows(Self.page(of: filter, window))
        return Listing(rows: try decode(rows, Execution.init(listRow:)), total: total)
    }

    /// No further than a list reaches.
    static func count(of filter: ExecutionFilter) -> SQL {
        "SELECT count(*) AS value FROM (\(filter.reachable)) AS reachable"
    }

    /// The page is found before the output is read, so that rows outside it cost nothing.
    static func page(of filter: ExecutionFilter, _ window: Window) -> SQL {
        """
        SELECT \(Execution.columns), \(Execution.outputExcerptColumns)
        FROM (\(filter.newest(window))) AS e
        JOIN qkron.tasks t ON t.id = e.task_id
        LEFT JOIN qkron.execution_output o ON o.execution_id = e.id
        \(Execution.joiningCallback)
        ORDER BY e.created_at DESC, e.id DESC
        """
    }
}

extension ExecutionFilter {
    /// The rows of a page, of the whole table or task by task: then nobody else's are looked at.
    fileprivate func newest(_ window: Window) -> SQL {
        let order: SQL = "ORDER BY e.created_at DESC, e.id DESC"
        let page: SQL = "\(order) OFFSET \(window.offset) LIMIT \(window.limit)"
        guard let tasks else { return "SELECT e.* FROM qkron.executions e WHERE \(condition) \(page)" }
        return """
            SELECT e.* FROM qkron.tasks s CROSS JOIN LATERAL (
                SELECT * FROM qkron.executions e WHERE e.task_id = s.id AND \(condition)
                \(order) LIMIT \(window.offset + window.limit)) AS e
            WHERE \(tasks) \(page)
            """
    }

    /// As many rows as a list reaches, without their columns.
    fileprivate var reachable: SQL {
        guard let tasks else { return "SELECT FROM qkron.executions e WHERE \(condition) LIMIT \(Window.reach)" }
        return """
            SELECT FROM qkron.tasks s CROSS JOIN LATERAL (
                SELECT FROM qkron.executions e WHERE e.task_id = s.id AND \(condition) OFFSET 0) AS e
            WHERE \(tasks) LIMIT \(Window.reach)
            """
    }

    /// The tasks `s` whose executions are asked for; nil: all.
    private var tasks: SQL? {
        var parts: [SQL] = []
        if let task { parts.append("s.id = \(task.uuid)") }
        switch owner {
        case .user(let owner): parts.append("s.owner_id = \(owner.uuid)")
        case .service: parts.append("s.owner_id IS NULL")
        case nil: break
        }
        return parts.isEmpty ? nil : SQL.joined(parts, separator: " AND ")
    }

    private var condition: SQL {
        var parts: [SQL] = ["true"]
        if !statuses.isEmpty { parts += ["e.status = ANY(\(statuses.map(\.rawValue)))", kindOfStatuses] }
        if !triggers.isEmpty { parts.append("e.trigger = ANY(\(triggers.map(\.rawValue)))") }
        if let since { parts.append("e.scheduled_for >= \(since)") }
        if let until { parts.append("e.scheduled_for < \(until)") }
        return SQL.joined(parts, separator: " AND ")
    }

    /// What the statuses have in common, in the words of a partial index: a plan made for any parameters can take it
    /// then.
    private var kindOfStatuses: SQL {
        let (unended, troubled): (Set, Set) = (
            [ExecutionStatus.pending, .running], [ExecutionStatus.failed, .timeout, .cancelled, .skipped]
        )
        if unended.isSuperset(of: statuses) { return "e.status IN ('pending', 'running')" }
        if troubled.isSuperset(of: statuses) { return "e.status IN ('failed', 'timeout', 'cancelled', 'skipped')" }
        return "true"
    }
}
