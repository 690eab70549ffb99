import Domain
import Foundation
import Postgres

extension Store {
    /// Writes down what a caller did; to be called in the transaction of the change.
    package func record(_ entry: AuditEntry, by caller: Caller) async throws {
        try await record([(entry, caller)])
    }

    /// Writes down what several callers did, by one statement.
    package func record(_ entries: [(entry: AuditEntry, caller: Caller)]) async throws {
        guard !entries.isEmpty else { return }
        try await change(Self.writing(entries))
    }

    /// The statement that writes rows of the audit log; a condition may follow it.
    static func writing(_ entries: [(entry: AuditEntry, caller: Caller)]) -> SQL {
        let actors = entries.map { Actor($0.caller.principal) }
        let changes = entries.map { JSONValue.object($0.entry.changes).serialized() }
        return """
            INSERT INTO qkron.audit (
                id, actor_type, actor_id, actor_name, api_key_id, api_key_name, action, resource_type, resource_id, ip,
                request_id, changes)
            SELECT a.id, a.actor_type, a.actor_id, a.actor_name, a.api_key_id, a.api_key_name, a.action,
                   a.resource_type, a.resource_id, a.ip, a.request_id, a.changes::jsonb
            FROM unnest(\(entries.map { _ in Identifier<AuditEntry>().uuid }), \(actors.map(\.type)),
                        \(actors.map(\.id)), \(actors.map(\.name)), \(actors.map { $0.key?.id.uuid }),
                        \(actors.map { $0.key?.name }), \(entries.map(\.entry.action)),
                        \(entries.map(\.entry.resourceType)), \(entries.map(\.entry.resourceID)),
                        \(entries.map(\.caller.address)), \(entries.map(\.caller.requestID)), \(changes))
                AS a (id, actor_type, actor_id, actor_name, api_key_id, api_key_name, action, resource_type,
                      resource_id, ip, request_id, changes)
            """
    }

    /// The rows of the audit log that a filter lets through, newest first.
    package func audit(_ filter: AuditFilter, _ window: Window) async throws -> Listing<AuditRow> {
        let condition = filter.condition
        let total: Int = try await one(
            """
            SELECT count(*) AS value
            FROM (SELECT FROM qkron.audit a WHERE \(condition) LIMIT \(Window.reach)) AS reachable
            """)
        guard window.offset < total else { return Listing(rows: [], total: total) }
        let rows = try await rows(Self.readingAudit(filter, window))
        return Listing(rows: try decode(rows, AuditRow.init(row:)), total: total)
    }

    static func readingAudit(_ filter: AuditFilter, _ window: Window) -> SQL {
        """
        SELECT \(AuditRow.columns)
        FROM qkron.audit a
        WHERE \(filter.condition)
        ORDER BY a.at DESC, a.id DESC
        OFFSET \(window.offset) LIMIT \(window.limit)
        """
    }
}

extension AuditFilter {
    fileprivate var condition: SQL {
        var parts: [SQL] = ["true"]
        if let actor { parts.append("a.actor_id = \(actor.uuid)") }
        if let key { parts.append("a.api_key_id = \(key.uuid)") }
        if let action { parts.append("a.action = \(action)") }
        if let resourceType { parts.append("a.resource_type = \(resourceType)") }
        if let resourceID { parts.append("a.resource_id = \(resourceID)") }
        if let since { parts.append("a.at >= \(since)") }
        if let until { parts.append("a.at < \(until)") }
        return SQL.joined(parts, separator: " AND ")
    }
}

/// How the audit log names whoever made a change.
private struct Actor {
    let type: String
    let id: UUID?
    let name: String?
    let key: AuditRow.Key?

    init(_ principal: Principal) {
        if case .key(let key, _) = principal {
            self.key = AuditRow.Key(id: key.id, name: key.name)
        } else {
            key = nil
        }
        switch principal {
        case .user(let user): (type, id, name) = ("user", user.id.uuid, user.username)
        case .key(_, let owner): (type, id, name) = ("api_key", owner.id.uuid, owner.username)
        case .service: (type, id, name) = ("service", nil, "service")
        case .webhook: (type, id, name) = ("system", nil, "webhook")
        case .console: (type, id, name) = ("console", nil, "console")
        case .anonymous: (type, id, name) = ("user", nil, nil)
        }
    }
}
