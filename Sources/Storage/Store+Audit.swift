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
        let actors = entries.map { Actor($0.caller.principal) }
        let changes = entries.map { JSONValue.object($0.entry.changes).serialized() }
        try await change(
            """
            INSERT INTO qkron.audit (
                id, actor_type, actor_id, actor_name, action, resource_type, resource_id, ip, request_id, changes)
            SELECT a.id, a.actor_type, a.actor_id, a.actor_name, a.action, a.resource_type, a.resource_id, a.ip,
                   a.request_id, a.changes::jsonb
            FROM unnest(\(entries.map { _ in Identifier<AuditEntry>().uuid }), \(actors.map(\.type)),
                        \(actors.map(\.id)), \(actors.map(\.name)), \(entries.map(\.entry.action)),
                        \(entries.map(\.entry.resourceType)), \(entries.map(\.entry.resourceID)),
                        \(entries.map(\.caller.address)), \(entries.map(\.caller.requestID)), \(changes))
                AS a (id, actor_type, actor_id, actor_name, action, resource_type, resource_id, ip, request_id, changes)
            """)
    }
}

/// How the audit log names whoever made a change.
private struct Actor {
    let type: String
    let id: UUID?
    let name: String?

    init(_ principal: Principal) {
        switch principal {
        case .user(let user): (type, id, name) = ("user", user.id.uuid, user.username)
        case .key(let key, let owner): (type, id, name) = ("api_key", key.id.uuid, owner.username)
        case .service: (type, id, name) = ("service", nil, "service")
        case .console: (type, id, name) = ("console", nil, "console")
        case .anonymous: (type, id, name) = ("user", nil, nil)
        }
    }
}
