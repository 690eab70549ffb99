import Postgres

/// The migrations of qkron's tables, oldest first. A landed one is never edited; a change is a further one.
package enum Schema {
    /// All migrations that this binary knows.
    package static let migrations: [Migration] = [
        Migration(number: 1, name: "identity", sql: text(PackageResources.m0001_identity_sql)),
        Migration(number: 2, name: "tasks", sql: text(PackageResources.m0002_tasks_sql)),
        Migration(number: 3, name: "executions", sql: text(PackageResources.m0003_executions_sql)),
        Migration(number: 4, name: "nodes", sql: text(PackageResources.m0004_nodes_sql)),
        Migration(number: 5, name: "task_texts", sql: text(PackageResources.m0005_task_texts_sql)),
        Migration(number: 6, name: "excerpts", sql: text(PackageResources.m0006_excerpts_sql)),
        Migration(number: 7, name: "fewer_indexes", sql: text(PackageResources.m0007_fewer_indexes_sql)),
        Migration(number: 8, name: "rights", sql: text(PackageResources.m0008_rights_sql)),
        Migration(number: 9, name: "logins", sql: text(PackageResources.m0009_logins_sql)),
        Migration(number: 10, name: "timing", sql: text(PackageResources.m0010_timing_sql)),
        Migration(number: 11, name: "runs", sql: text(PackageResources.m0011_runs_sql)),
        Migration(number: 12, name: "secrets", sql: text(PackageResources.m0012_secrets_sql)),
        Migration(number: 13, name: "retention", sql: text(PackageResources.m0013_retention_sql)),
        Migration(number: 14, name: "execution_lists", sql: text(PackageResources.m0014_execution_lists_sql)),
        Migration(number: 15, name: "troubled_executions", sql: text(PackageResources.m0015_troubled_executions_sql)),
        Migration(number: 16, name: "audit_keys", sql: text(PackageResources.m0016_audit_keys_sql)),
        Migration(number: 17, name: "callback_url", sql: text(PackageResources.m0017_callback_url_sql)),
        Migration(number: 18, name: "deliveries", sql: text(PackageResources.m0018_deliveries_sql)),
        Migration(number: 19, name: "resting_tasks", sql: text(PackageResources.m0019_resting_tasks_sql)),
    ]

    private static func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes, as: UTF8.self)
    }
}
