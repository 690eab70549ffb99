import Domain
import Foundation
import Postgres
import Scheduling

extension TaskDefinition {
    /// The columns that `init(row:)` reads, of the tables under the names `t` (tasks) and `u` (users).
    static let columns: SQL = """
        t.id, t.owner_id, coalesce(u.username, 'service') AS owner_username, t.name, t.description, t.task_type,
        t.parameters, t.sealed_env, t.schedule_type, t.schedule, t.timezone, t.starts_at, t.ends_at, t.anchor, t.once_at,
        t.dst_policy, t.misfire_policy, t.misfire_grace, t.jitter, t.overlap_policy, t.timeout, t.max_retries,
        t.retry_delay, t.retry_backoff, t.priority, t.requires, t.tags, t.metadata, t.dependencies, t.callback_url,
        t.is_active, t.status, t.retry_count, t.next_run, t.last_run, t.created_at, t.updated_at
        """

    /// The task of a row.
    init(row: PostgresRow) throws(PostgresError) {
        self.init(
            id: Identifier(try row.decode("id")),
            ownerID: try row.decode("owner_id", as: UUID?.self).map(Identifier.init),
            ownerUsername: try row.decode("owner_username"),
            name: try row.decode("name"),
            description: try row.decode("description"),
            action: try Action(row: row),
            timing: try TaskTiming(row: row),
            misfirePolicy: try row.named("misfire_policy"),
            misfireGrace: try row.decode("misfire_grace"),
            jitter: try row.decode("jitter"),
            overlapPolicy: try row.named("overlap_policy"),
            timeout: try row.decode("timeout"),
            retryPolicy: try RetryPolicy(row: row),
            priority: try row.decode("priority"),
            requires: try row.decode("requires"),
            tags: try row.decode("tags"),
            metadata: try row.jsonIfPresent("metadata"),
            dependencies: try row.decode("dependencies", as: [UUID]?.self)?.map(Identifier.init),
            callbackURL: try row.decode("callback_url"),
            isActive: try row.decode("is_active"),
            status: try row.named("status"),
            retryCount: try row.decode("retry_count"),
            nextRun: try row.decode("next_run"),
            lastRun: try row.decode("last_run"),
            createdAt: try row.decode("created_at"),
            updatedAt: try row.decode("updated_at"))
    }
}

extension TaskTiming {
    /// The timing in the columns of `qkron.tasks`.
    init(row: PostgresRow) throws(PostgresError) {
        self.init(
            kind: try row.named("schedule_type"),
            text: try row.decode("schedule"),
            timezone: try row.decode("timezone"),
            startsAt: try row.decode("starts_at"),
            endsAt: try row.decode("ends_at"),
            anchor: try row.decode("anchor"),
            onceAt: try row.decode("once_at"),
            dstPolicy: try row.named("dst_policy"))
    }
}

extension Action {
    /// The action in the columns of `qkron.tasks`.
    init(row: PostgresRow) throws(PostgresError) {
        guard case .object(let parameters) = try row.json("parameters") else {
            throw row.unreadable("parameters", "is no JSON object")
        }
        self.init(
            kind: ActionKind(rawValue: try row.decode("task_type")), parameters: parameters,
            sealed: try Self.sealed(in: row))
    }

    /// The sealed values, as `sealed_env` holds them.
    static func sealed(in row: PostgresRow) throws(PostgresError) -> [TextKey: String] {
        guard let json = try row.jsonIfPresent("sealed_env") else { return [:] }
        guard case .object(let members) = json else { throw row.unreadable("sealed_env", "is no JSON object") }
        return members.compactMapValues { if case .string(let text) = $0 { text } else { nil } }
    }

    /// The text that `sealed_env` holds; nil where nothing is secret.
    static func sealedText(_ sealed: [TextKey: String]) -> String? {
        sealed.isEmpty ? nil : JSONValue.object(sealed.mapValues(JSONValue.string)).serialized()
    }
}

extension RetryPolicy {
    /// The policy in the columns of `qkron.tasks`.
    init(row: PostgresRow) throws(PostgresError) {
        self.init(
            maxRetries: try row.decode("max_retries"),
            delay: try row.decode("retry_delay"),
            backoff: try row.named("retry_backoff"))
    }
}
